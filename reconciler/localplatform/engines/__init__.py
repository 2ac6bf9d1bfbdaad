"""What carries work out. One protocol, one contract test suite, several engines."""
