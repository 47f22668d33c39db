"""Sweeps over many seeds: `make test` runs a part of each, `make test-all` the whole of it."""

from __future__ import annotations

import os

import pytest

WHOLE = bool(os.environ.get("SAFETYCASE_WHOLE_SWEEPS"))
"""Whether sweeps run whole; `make test-all` says so."""

only_whole = pytest.mark.skipif(not WHOLE, reason="a sweep of `make test-all`")
