"""What a command pays for the modules of this room that it does not use: nothing heavy."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
ROOM = SOURCE / "safetycase" / "stats"


def test_importing_them_loads_neither_numpy_nor_scipy() -> None:
    modules = sorted(p.stem for p in ROOM.glob("*.py") if p.stem != "__init__")
    assert len(modules) > 15
    names = ", ".join(f"safetycase.stats.{module}" for module in modules)
    check = (
        f"import sys, {names}; print(sorted({{'numpy', 'scipy', 'highspy'}} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.stdout.strip() == "[]"
