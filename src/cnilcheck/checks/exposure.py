"""Judgements of the exposure module."""
