"""Level 2: git. The only package that imports it."""
