"""The book: SQL beside the rows it makes."""
