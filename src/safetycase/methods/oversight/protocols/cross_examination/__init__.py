"""Cross-examination of a model by questions to copies of it."""

from safetycase.methods.oversight.protocols.cross_examination.protocol import PROTOCOL

__all__ = ["PROTOCOL"]
