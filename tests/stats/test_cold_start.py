"""A small case pays for no numerical library that it does not use."""

import subprocess
import sys


def test_importing_the_statistics_imports_no_numpy() -> None:
    names = "designs missing power prediction_powered rare tails two_sample"
    code = (
        "import sys, importlib, safetycase.stats\n"
        f"[importlib.import_module('safetycase.stats.' + name) for name in {names.split()!r}]\n"
        "sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
