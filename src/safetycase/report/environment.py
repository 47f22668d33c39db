"""The templates, the stylesheet and the script of the report; Jinja is imported only here."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from safetycase.assess.alarms import amount
from safetycase.report.agenda_text import small
from safetycase.report.clean import SENTENCE, anchor, moment, one_line, visible
from safetycase.report.mark_classes import mark_class, mark_rules
from safetycase.report.marks import Mark
from safetycase.report.numbers import confidence_text, level_text, value_text
from safetycase.report.prose import prose
from safetycase.report.summary import attempt_counts
from safetycase.report.view import markup

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["digest", "environment", "script", "style"]

SHOWN = 4_000


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The template environment: everything is escaped, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("safetycase.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters.update(
        amount=amount,
        anchor=anchor,
        line=one_line,
        mark=_shape,
        mark_class=mark_class,
        level=level_text,
        value=value_text,
        attempts=attempt_counts,
        confidence=confidence_text,
        moment=moment,
        prose=_prose,
        small=small,
    )
    return made


@lru_cache(maxsize=1)
def style() -> str:
    """The stylesheet, with the rules of the marks and of the confidence bars."""
    text = files("safetycase.report").joinpath("templates/style.css").read_text("utf-8")
    ends = [f".l{n} {{ --low: {n}%; }} .h{n} {{ --high: {n}%; }}" for n in range(101)]
    aims = [f".t{n} {{ --aim: {n}%; }}" for n in range(101)]
    return "\n".join((text, mark_rules(_on_paper(text)), *ends, *aims)) + "\n"


def _on_paper(text: str) -> dict[str, str]:
    """The colours that the stylesheet has in print, by their names."""
    colours = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,6});")
    light, _, rest = text.partition("@media (prefers-color-scheme: dark)")
    return dict(colours.findall(light)) | dict(colours.findall(rest.partition("@media print")[2]))


@lru_cache(maxsize=1)
def script() -> str:
    """The optional script of the pages: search, keys and folding; nothing needs it."""
    return files("safetycase.report").joinpath("script/app.js").read_text("utf-8")


def digest(text: str) -> str:
    """The SHA-256 of a text as a policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _finalize(value: object) -> object:
    """What every `{{ … }}` passes through: strings that are not markup are made visible."""
    if value is None:
        return ""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value, limit=SHOWN)
    return value


def _prose(text: str, limit: int = SENTENCE) -> Markup:
    return markup(prose(text, limit))


def _shape(mark: Mark, channel: str) -> Markup:
    """A shape without its word, which stands beside it."""
    return markup(f'<i class="{mark_class(mark, channel)}"></i>')
