"""Scheming: inability, sandbagging, honeypots, legibility, probes."""
