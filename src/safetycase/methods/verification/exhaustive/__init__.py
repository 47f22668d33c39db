"""Proofs by trying every input of a finite space."""
