"""What is made from the charts' values: their schemas and the tables in their README. ``python -m devtools.charts``."""
