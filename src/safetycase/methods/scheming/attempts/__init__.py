"""Attempts at named tests: where they come from, and how they are counted."""
