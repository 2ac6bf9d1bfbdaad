"""Level 3: doing. The only package with worker threads."""
