"""A flow as one JSON Schema, for editors: the kernel's own keys, and what the plugins contribute that may be used."""
