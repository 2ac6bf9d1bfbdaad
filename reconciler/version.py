"""The one place that holds the version: reading it from package metadata would cost four interpreter starts."""

__version__ = "0.1.0"
