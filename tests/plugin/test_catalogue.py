"""The catalogue reads metadata only; a method's code is its module and what it imports."""

from __future__ import annotations

import subprocess
import sys

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
    control = [module for module, _ in methods["control/evaluation"].code()]
    assert "safetycase.methods.control.monitors" in control
    assert "safetycase.methods.inspect.running" in control  # imported across families
    assert not any(module.startswith("safetycase.stats") for module in control)
    log = [module for module, _ in methods["inspect/log"].code()]
    assert "safetycase.methods.inspect.reading" in log
    assert "safetycase.methods.control.monitors" not in log
    assert [m for m, _ in methods["toy/coin"].code()] == ["toy_methods"]
