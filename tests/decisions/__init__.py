"""Public decisions of data-protection authorities, replayed as small deployments on loopback."""
