"""Declarative GitOps for AI and HPC job platforms."""
