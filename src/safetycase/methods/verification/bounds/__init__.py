"""Proofs by linear bounds with branch and bound, checked in exact arithmetic."""
