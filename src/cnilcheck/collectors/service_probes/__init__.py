"""Harmless questions to services, one file for each family of protocols."""
