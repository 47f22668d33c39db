"""Proofs by one prover, for robust computations and for oracles of low degree."""

from safetycase.methods.oversight.protocols.single_prover.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
