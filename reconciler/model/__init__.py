"""Level 0: the vocabulary. Frozen values, no I/O, no opinions.

What the words mean is fixed in docs/architecture.md; `desired`, `recorded` and `live` are the three sides, always.
"""
