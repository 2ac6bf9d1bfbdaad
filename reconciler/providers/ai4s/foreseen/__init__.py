"""The single questions that are asked before an apply: see `foresight`."""
