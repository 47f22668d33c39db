"""Doubly-efficient debate: honest play is cheap, and the judge's work does not grow."""

from safetycase.methods.oversight.protocols.doubly_efficient.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
