"""Level 2: the platforms. One folder each; none knows another; nothing above knows their names."""
