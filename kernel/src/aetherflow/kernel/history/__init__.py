"""What runs left behind, and what people decide about it: looked at, resolved, cancelled, forgotten."""
