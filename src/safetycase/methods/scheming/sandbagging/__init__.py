"""A portfolio of elicitors, and its power on planted locks."""
