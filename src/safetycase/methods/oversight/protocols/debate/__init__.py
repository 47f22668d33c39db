"""Debate about quantified formulas and paths."""

from safetycase.methods.oversight.protocols.debate.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
