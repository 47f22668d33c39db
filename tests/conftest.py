"""What every test may use: a case folder with toy methods, a clean user, and the command line."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.commandline import ALONE, Ran, apart, here
from tests.sweeps import WHOLE

# Workers of the test run share the cores: threads of PyTorch that wait for each other would spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes to make says how busy the machine is, and nothing about the code.
settings.register_profile("any machine", suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("whole sweeps", settings.get_profile("any machine"), max_examples=1000)
settings.load_profile("whole sweeps" if WHOLE else "any machine")

try:
    import nest_asyncio2
except ImportError:  # the tests of the core alone
    pass
else:

    def refuse(*_: object, **__: object) -> None:
        """Inspect applies it in reading a log inside a loop; before Python 3.12 loops then leak."""
        raise AssertionError("asyncio would be patched for all tests: read the log before the loop")

    nest_asyncio2.apply = refuse

PLUGINS = Path(__file__).parent / "plugins"
SOURCE = Path(__file__).parent.parent / "src"
HEADER = """\
case: toy
title: A coin
maturity: sketch
target: 0.90
decision: {supports: throwing the coin, owner: board, expires: 2099-06-01}
models: {m: {weights: smollm2-135m-instruct}}
system: {model: m, scaffold: none}
deployment:
  users: 40 staff
  volume: 10000 throws per month
  horizon: 12 months
  distribution: throws
harm: {what: too many heads, mistake: a head}
"""
COIN = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: Heads are the only route.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - claim: RARE
        says: Heads are rare.
        holds_when: rate <= 0.20
        by:
          evidence: E-COIN
          method: toy/coin
          with: {n: 400, rate: 5}
          inputs: [items.txt]
          reads: {rate: rate}
          valid_for: 90 days
          because: It is the coin.
"""
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with most slow tests come first, so that none is left to one process at the end."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(autouse=True)
def clean_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and caches of a user nobody else sees; toy methods are installed."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(PLUGINS), str(SOURCE))))
    monkeypatch.delenv("SAFETYCASE_KEY", raising=False)
    monkeypatch.syspath_prepend(str(PLUGINS))


@pytest.fixture
def coin(tmp_path: Path) -> Path:
    """A case folder with one leaf that passes."""
    return write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})


def write_case(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.yaml").write_text(text, "utf-8")
    for name, content in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder


@pytest.fixture
def sc(tmp_path: Path) -> Callable[..., Ran]:
    """Run `safetycase` as a user would.

    In this process, unless the test put plug-ins of its own on the path: what is imported stays.
    """
    path = os.environ["PYTHONPATH"]

    def call(*words: str | Path, cwd: Path | None = None, timeout: float = 120) -> Ran:
        said, folder = [*map(str, words)], cwd or tmp_path
        if os.environ["PYTHONPATH"] != path or ALONE.intersection(said):
            return apart(said, cwd=folder, timeout=timeout)
        return here(said, cwd=folder)

    return call


@pytest.fixture
def sc_apart(tmp_path: Path) -> Callable[..., Ran]:
    """Run `safetycase` in a process of its own, where its start and end are part of the test."""

    def call(*words: str | Path, cwd: Path | None = None, timeout: float = 120) -> Ran:
        return apart([*map(str, words)], cwd=cwd or tmp_path, timeout=timeout)

    return call
