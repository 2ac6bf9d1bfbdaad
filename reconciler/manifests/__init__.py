"""Level 2: files to values. YAML, schemas, expressions; every finding placed and reported at once."""
