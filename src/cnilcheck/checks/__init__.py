"""Judgements: pure functions from a fact to a verdict, one file per rule module."""
