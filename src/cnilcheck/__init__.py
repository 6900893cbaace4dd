"""Audit a deployment that handles health data against the CNIL's findings."""

__version__ = "0.1.0"
