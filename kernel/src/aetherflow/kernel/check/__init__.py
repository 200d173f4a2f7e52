"""Everything that can be known of a flow before anything runs: small rules over one index of it."""
