"""A judge who looks at what one model shows."""

from safetycase.methods.oversight.protocols.direct_judging.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
