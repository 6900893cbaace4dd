"""Judgements of the logging module."""
