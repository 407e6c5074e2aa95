"""What passes between services: event payloads and request Structs. Structs and their rules only, no I/O."""
