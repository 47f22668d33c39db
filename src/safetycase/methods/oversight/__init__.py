"""Scalable oversight: protocols as games, their statements, their attacks, and their costs."""
