"""Unexploitable search: outputs that are good, and from which nothing else can be steered."""
