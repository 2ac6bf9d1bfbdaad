"""Level 4: use cases, each a short list of calls."""
