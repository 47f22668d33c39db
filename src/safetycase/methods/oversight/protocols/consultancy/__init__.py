"""Consultancy: one adviser argues an assigned side before a judge."""

from __future__ import annotations

from safetycase.methods.oversight.protocols.consultancy.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
