"""References become values: templates, `when`, the environment, settings, resource profiles, secrets and redaction."""
