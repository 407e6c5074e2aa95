"""The code behind ``./dev``: environment, private servers, the running platform and its demo.

Standard library only, except `devtools.demo`: everything else runs before the environment exists.
"""
