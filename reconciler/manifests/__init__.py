"""Level 2: files to values. Reads YAML strictly, checks it against schemas, and answers with manifests and findings.

Nothing here raises for bad input: every problem of every file comes back as a `Diagnostic`, all at once.
"""
