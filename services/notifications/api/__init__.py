"""HTTP handlers and their request and response Structs."""
