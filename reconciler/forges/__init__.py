"""Level 2: where pull requests live. One small client each; what is said there comes in as finished text."""
