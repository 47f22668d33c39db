"""All published control protocols, computed from one table."""
