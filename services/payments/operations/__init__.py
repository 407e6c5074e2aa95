"""What the service does, a verb a file: load, decide, commit, perform."""
