"""Toy transformers with a planted n-gram of tokens: organisms, clean twins and decoys."""

from safetycase.methods.organisms.toy_trigger.family import FAMILY

__all__ = ["FAMILY"]
