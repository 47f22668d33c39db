"""Measure the white-box methods beside their peers; writes `whitebox.md`.

    python benchmarks/whitebox.py [--peer PYTHON] [--gcg PYTHON] [--only PART ...]

`--peer` is a Python with torch and devinterp==2.0.1, `--gcg` one with torch, nanogcg==0.3.0 and the
transformers that it pins. Each part runs in a process of its own on one thread; times are CPU
seconds. A part that is left out keeps what the page says of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "whitebox.md"
PARTS = {
    "llc": ("The local learning coefficient, beside devinterp 2.0.1", "peer"),
    "exploration": ("Exploration hacking: the smallest planted ε that each test detects", ""),
    "escape": ("Training-side methods: how long until what is withheld is found", ""),
    "search": ("Bad contexts of toy organisms", ""),
    "gcg": ("A prefix that opens a locked language model, beside nanoGCG 0.3.0", "gcg"),
    "organisms": ("Model organisms of a language model", ""),
    "verification": ("Proofs on every input, and one system argued by three routes", ""),
}


def measure(part: str, peer: str | None) -> str:
    """What the script of a part prints, and the CPU seconds that it took with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [
            sys.executable,
            str(HERE / f"whitebox_{part}.py"),
            *(("--peer", peer) if peer else ()),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=HERE.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parent / "src")},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    text = re.sub(r"^## ", "### ", done.stdout.strip(), flags=re.M)  # headings below the part's own
    return f"{text}\n\nThis part took {cpu:.0f} CPU s.\n"


def kept() -> dict[str, str]:
    """What the page says of each part now, by its title."""
    if not PAGE.exists():
        return {}
    chunks = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.M)[1:]
    return {
        title: text.strip() + "\n" for title, text in zip(chunks[::2], chunks[1::2], strict=True)
    }


def main() -> None:
    """Measure what was asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer")
    parser.add_argument("--gcg")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    asked = parser.parse_args()
    found = kept()
    for part in asked.only:
        title, peer = PARTS[part]
        print(f"measuring: {title} ...", file=sys.stderr, flush=True)
        found[title] = measure(part, getattr(asked, peer) if peer else None)
    page = [
        "# White-box methods",
        "",
        f"CPU seconds of processes of their own, one thread; Python {platform.python_version()}. "
        "Made by `whitebox.py`.",
    ]
    for title, _ in PARTS.values():
        if title in found:
            page += ["", f"## {title}", "", found[title].rstrip()]
    PAGE.write_text("\n".join(page) + "\n", "utf-8")


if __name__ == "__main__":
    main()
