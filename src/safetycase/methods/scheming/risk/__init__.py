"""Factors of a risk, combined as far as they may be."""
