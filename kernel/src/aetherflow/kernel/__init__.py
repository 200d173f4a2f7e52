"""AetherFlow's kernel: reads flows, resolves and checks them, runs them, and hosts the plugins that do the work."""
