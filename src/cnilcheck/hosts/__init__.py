"""Who announces an address or a name: dated tables, and how they are looked up and renewed."""
