"""Text inside markup: what each notation can hold, and how the rest is written."""

from __future__ import annotations

import re

__all__ = ["REPLACEMENT", "clean_xml", "one_line", "plain", "xml_quote", "xml_text"]

REPLACEMENT = "\ufffd"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLACES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_QUOTED = _PLACES | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_TEXT = re.compile("[&<>\r]")
_ATTRIBUTE = re.compile('[&<>\r"\n\t]')
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_xml(text: str) -> str:
    """The text with U+FFFD for each character that XML 1.0 has no way to hold."""
    return _FORBIDDEN.sub(REPLACEMENT, text)


def xml_quote(text: str) -> str:
    """An attribute value with its quotes; line breaks and tabs survive."""
    return '"' + _ATTRIBUTE.sub(lambda found: _QUOTED[found.group()], text) + '"'


def xml_text(text: str) -> str:
    """Character data."""
    return _TEXT.sub(lambda found: _PLACES[found.group()], text)


def plain(text: str) -> str:
    """The text without control characters and marks of direction; line breaks stay."""
    broken = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub(REPLACEMENT, _CONTROL.sub(" ", broken))


def one_line(text: str) -> str:
    """The text with each run of white space as one space."""
    return " ".join(plain(text).split())
