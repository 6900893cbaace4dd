"""Faces of a report: they render, and decide nothing."""
