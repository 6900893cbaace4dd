"""Readers of sign-in settings, one file per product; each is a pure function of a text."""
