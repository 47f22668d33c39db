"""A method that cannot be tried says so in a sentence, and whose defect it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from tests.commandline import Ran

from safetycase.cli import method as verb
from safetycase.plugin.contract import MethodError

Sc = Callable[..., Ran]


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (MethodError("install pytest"), "`toy/coin` cannot be tried: install pytest"),
        (
            ValueError("no \x1b[31m"),
            "`self_check` of `toy/coin` raised ValueError: no \\x1b[31m; that is a defect of the "
            "method, which comes from toy-methods",
        ),
    ],
)
def test_what_a_method_raises_is_no_defect_of_the_program(
    sc: Sc, monkeypatch: pytest.MonkeyPatch, raised: Exception, says: str
) -> None:
    entry, found = verb._entry("toy/coin")

    def broken() -> Any:
        raise raised

    monkeypatch.setattr(
        verb, "_entry", lambda _name: (entry, dataclasses.replace(found, self_check=broken))
    )
    done = sc("method", "try", "toy/coin")
    assert (done.code, done.err) == (2, f"Error: {says}\n")
