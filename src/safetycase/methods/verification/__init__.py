"""Proofs that a small network meets a specification on every input, or a counterexample."""
