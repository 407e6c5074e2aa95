"""How long to rest between two rounds of a task that works in batches.

A task that takes what has come at once, each time, makes many small batches of a steady flow, and each costs a
transaction. One that rests for a while in proportion to its work makes batches that grow with the flow, and is quick
where there is little to do.
"""

_LONGEST_REST_S = 0.025


def rest_s(worked_s: float) -> float:
    """The rest after a round that took ``worked_s``: as long, and 25 ms at most. An event passes two such tasks."""
    return min(worked_s, _LONGEST_REST_S)
