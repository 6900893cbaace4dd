"""What lets a stranger check a folder without cnilcheck: digests, a signature, a time stamp."""
