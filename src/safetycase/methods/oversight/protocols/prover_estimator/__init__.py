"""Prover-estimator debate: the reconstruction, its exact solutions, its statement and attacks."""

from safetycase.methods.oversight.protocols.prover_estimator.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
