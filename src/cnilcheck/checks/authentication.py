"""Judgements of the authentication module."""
