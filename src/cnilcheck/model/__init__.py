"""The nouns of an audit: standard library and msgspec only, no input or output."""
