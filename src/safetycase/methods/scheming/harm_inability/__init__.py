"""Harmful tasks at rising elicitation, in every arm."""
