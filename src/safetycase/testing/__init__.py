"""Conformance suites that every plugin, ours or yours, has to pass."""

from safetycase.testing.executors import check_executor
from safetycase.testing.methods import check_method
from safetycase.testing.protocols import check_protocol

__all__ = ["check_executor", "check_method", "check_protocol"]
