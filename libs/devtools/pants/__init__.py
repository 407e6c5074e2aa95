"""Pants as it runs here: the last release that is a Python package, on Python 3.9, with tools from locks of ours.

People who have Pants' own launcher run the release that pants.toml names; both read the same pants.toml and BUILD
files.
"""
