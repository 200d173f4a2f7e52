"""A stranger's plugin that nobody may import while a flow is only checked: its manifest alone is read."""

message = "a plugin was imported to check a flow"
raise AssertionError(message)
