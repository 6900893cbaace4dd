"""Judgements of the hosting module."""
