"""The catalogue reads metadata only; a method's code is its module and what it imports."""

from __future__ import annotations

import subprocess
import sys

from safetycase.evidence.closure import closure
from safetycase.plugin.catalogue import installed


def test_listing_imports_no_method() -> None:
    code = (
        "import sys; from safetycase.plugin.catalogue import installed; installed(); "
        "print([m for m in sys.modules if 'methods' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_code_of_a_method_includes_its_helpers() -> None:
    methods = installed().methods
    control = list(closure(methods["control/evaluation"].target).code)
    assert "safetycase.methods.control.live.monitors" in control
    assert "safetycase.methods.inspect.running" in control  # imported across families
    assert any(module.startswith("safetycase.stats") for module in control)
    assert not any(
        module.startswith(("safetycase.plugin", "safetycase.ledger")) for module in control
    )
    log = list(closure(methods["inspect/log"].target).code)
    assert "safetycase.methods.inspect.reading" in log
    assert "safetycase.methods.control.live.monitors" not in log
    toy = list(closure(methods["toy/coin"].target).code)
    assert [module for module in toy if not module.startswith("safetycase.stats")] == [
        "toy_methods"
    ]
