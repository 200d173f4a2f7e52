"""What plugins are written against; plugins import it through `aetherflow.kernel.api`."""
