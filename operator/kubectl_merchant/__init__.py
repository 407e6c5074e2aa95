"""kubectl's plugin for merchants: `kubectl merchant plan`, `explain`, `drift` and `release`."""
