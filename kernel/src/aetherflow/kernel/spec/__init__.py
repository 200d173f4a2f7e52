"""A flow as written: YAML becomes frozen models, and one table says where each value stands."""
