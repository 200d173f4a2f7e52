"""Who may contribute what: manifests are read, decided about and indexed; code is imported on first use."""
