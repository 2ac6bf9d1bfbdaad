"""Level 1: pure thinking. Values in, a plan out; no clock, no disk, no network."""
