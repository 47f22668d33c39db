"""The files that pages ask for: those of the report, and the server's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from safetycase.report import site
from safetycase.report.seal import verifier_source

__all__ = ["static_files"]


@lru_cache(maxsize=1)
def static_files() -> Mapping[str, tuple[str, bytes]]:
    """Every file that pages ask for, with its kind; no other is given."""
    own = files("safetycase.web").joinpath("static")
    texts = {**site.assets(), "verify.js": verifier_source()}
    texts["style.css"] += own.joinpath("server.css").read_text("utf-8")
    for name in ("live.js", "icon.svg"):
        texts[name] = own.joinpath(name).read_text("utf-8")
    kinds = {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
    return {n: (kinds[n.rpartition(".")[2]], text.encode()) for n, text in texts.items()}
