"""Proofs by an SMT solver, for tiny and quantised networks."""
