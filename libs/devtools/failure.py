"""The one error of the development tool: a sentence for the person who typed the command."""


class Failure(Exception):
    """What went wrong and what to do about it; shown without a traceback, exit status 1."""
