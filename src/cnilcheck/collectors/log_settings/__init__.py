"""Readers of what a server is configured to log, to keep, to send away and to watch."""
