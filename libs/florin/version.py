"""The version that every program of a release tells: in its OpenAPI document, its traces, and on the command line."""

VERSION = "0.1.0"
