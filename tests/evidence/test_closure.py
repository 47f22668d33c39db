from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from safetycase.evidence.closure import closure, packages
from safetycase.plugin.catalogue import installed

Package = Callable[[dict[str, str]], Path]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Files on the path of Python, as a package in development lies there."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "lib" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path / "lib"))
        return tmp_path / "lib"

    return write


def test_helpers_count_wherever_they_are_imported(package: Package) -> None:
    package(
        {
            "closing/__init__.py": "",
            "closing/method.py": (
                "import closing_sibling\nfrom . import near\nfrom closing.deep import thing\n"
                "def run():\n    from .late import x\n    import json, closing.other as o\n"
            ),
            "closing/near.py": "from .beyond import (\n    a,\n    b as c,\n)\n",
            "closing/beyond.py": "a = b = 1\n",
            "closing/late.py": "x = 1\n",
            "closing/other.py": "",
            "closing/unused.py": "",
            "closing/deep/__init__.py": "from .inner import thing\n",
            "closing/deep/inner.py": "thing = 1\n",
            "closing_sibling.py": "import numpy\n",
        }
    )
    found = closure("closing.method:METHOD")
    assert sorted(found.code) == [
        "closing",
        "closing.beyond",
        "closing.deep",
        "closing.deep.inner",
        "closing.late",
        "closing.method",
        "closing.near",
        "closing.other",
        "closing_sibling",
    ]
    assert found.packages == {"numpy": version("numpy")}
    assert "closing.method" not in sys.modules


def test_one_changed_line_changes_one_digest_and_the_whole(package: Package) -> None:
    lib = package({"shutting/__init__.py": "", "shutting/a.py": "from . import b\n",
                   "shutting/b.py": "x = 1\n"})  # fmt: skip
    before = closure("shutting.a:METHOD")
    (lib / "shutting" / "b.py").write_text("x = 2\n", "utf-8")
    after = closure("shutting.a:METHOD")
    assert [m for m in before.code if before.code[m] != after.code[m]] == ["shutting.b"]
    assert before.digest != after.digest


def test_our_methods_count_the_statistics_they_use_and_no_others() -> None:
    found = closure(installed().methods["inspect/eval"].target)
    assert "safetycase.methods.inspect.reading" in found.code
    assert "safetycase.stats.intervals" in found.code
    assert "safetycase.stats.rare" not in found.code
    assert not [m for m in found.code if m.startswith(("safetycase.plugin", "safetycase.ledger"))]
    assert found.packages["inspect-ai"] == version("inspect-ai")


def test_a_method_beside_ours_counts_its_own_package() -> None:
    found = closure("safetycase.testing.methods:METHOD")
    assert "safetycase.testing.methods" in found.code
    assert not [m for m in found.code if m.startswith(("safetycase.plugin", "safetycase.cli"))]


def test_what_is_not_installed_says_so() -> None:
    assert packages(["json", "safetycase", "no_such_thing", "yaml"]) == {
        "PyYAML": version("PyYAML"),
        "no-such-thing": "not installed",
    }
    with pytest.raises(OSError, match="nowhere to be found"):
        closure("no_such_package.x:METHOD")


@pytest.mark.slow
def test_a_module_is_known_by_the_package_that_installed_it() -> None:
    for name, owners in packages_distributions().items():
        if find_spec(name) and name not in sys.stdlib_module_names and name != "safetycase":
            [(found, its)] = packages([name]).items()
            assert plain(found) in map(plain, owners), name
            assert its == version(found)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_package_without_an_init_file_counts_too(package: Package) -> None:
    package({"spaced/method.py": "from spaced.helper import x\n", "spaced/helper.py": "x = 1\n"})
    assert sorted(closure("spaced.method:METHOD").code) == ["spaced.helper", "spaced.method"]


@pytest.mark.parametrize(
    "text",
    [
        "import json; import hiding.x\n",
        "try: from . import x\nexcept ImportError: pass\n",
        "if True: import hiding.x as y\n",
        "from \\\n  hiding.x import z\n",
        "from hiding import (y,  # the first :)\n  x)\n",
        "from.x import(z)\n",
        "import importlib\nimportlib.import_module('hiding.x')\n",
        "from importlib import import_module\nimport_module('.x', __package__)\n",
        "__import__('hiding.x')\n",
        "def f():\n    with open('a') as b: import hiding.x\n",
    ],
)
def test_an_import_counts_however_it_is_written(package: Package, text: str) -> None:
    package({"hiding/__init__.py": "", "hiding/x.py": "z = 1\n", "hiding/y.py": "",
             "hiding/m.py": text})  # fmt: skip
    assert "hiding.x" in closure("hiding.m:METHOD").code


def test_words_of_a_text_are_no_imports(package: Package) -> None:
    package({"reading.py": '"""Read.\n\nimport nothing_like_it\n"""\nx = "\\d"\n'})
    assert not closure("reading:METHOD").packages


def test_the_version_of_the_package_of_a_method_counts(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(
        {
            "housed/__init__.py": "",
            "housed/m.py": "",
            "housed-3.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: housed\nVersion: 3.1\n",
        }
    )
    assert closure("housed.m:METHOD").packages == {"housed": "3.1"}
