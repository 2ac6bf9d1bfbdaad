"""Level 2: memory. A journal, an index, a lease."""
