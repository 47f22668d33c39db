"""The pages that only a server has: refusals, a file that is broken, a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from safetycase.report.environment import environment
from safetycase.report.view import markup

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["body_of", "plain", "refusal", "welcome"]

_TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "Not allowed",
    404: "There is no such page",
    405: "Not done this way",
    409: "Not now",
    413: "Too long",
    415: "Not a form",
    421: "Another name",
    429: "Too many at once",
    500: "This is a defect of safetycase",
    503: "Too many at once",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """The environment of the report, with our templates before its own."""
    from jinja2 import ChoiceLoader, PackageLoader

    theirs = environment()
    assert theirs.loader is not None
    return theirs.overlay(loader=ChoiceLoader([PackageLoader("safetycase.web"), theirs.loader]))


def body_of(template: str, **context: Any) -> str:
    """The body of a page, to be put in a frame."""
    return _environment().get_template(template).render(raw=_raw, **context)


def _raw(text: str) -> Any:
    """Text for the value of a field: escaped, and otherwise as it was given."""
    from markupsafe import escape

    return escape(text)


def plain(title: str, body: str, *, onward: str = "", state: str = "") -> str:
    """A page without a case; `onward` is an address that it goes on to by itself."""
    return body_of("plain.html", title=title, body=markup(body), onward=onward, state=state)


def title_of(status: int) -> str:
    """What a status means, in a few words."""
    return _TITLES.get(status, "Not given")


def refusal(status: int, reason: str) -> bytes:
    """A page that says why there is nothing to see; it tells nothing of the case."""
    body = body_of("refused.html", heading="", reason=reason, near=(), home=False)
    return plain(title_of(status), body).encode()


def welcome(address: str) -> bytes:
    """The page that a reader with the right token gets, which goes on by itself."""
    return plain("Welcome", "", onward=address).encode()
