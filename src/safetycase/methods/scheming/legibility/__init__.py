"""Interventions on the words of the reasoning."""
