"""What the header of a case leaves unsaid: the decision, the system, its use, the harm."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.header import Header
from safetycase.argument.stated import nobody, not_stated

__all__ = ["unstated"]


def unstated(header: Header) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, what) of every part of the header that says nothing, as in `harm: {what: tbd}`."""
    parts: list[tuple[tuple[str, ...], str, str]] = [
        (("decision", "supports"), "the decision it supports", header.decision.supports),
        (("system", "scaffold"), "the scaffold of the system", header.system.scaffold),
        (("deployment", "users"), "who uses the system", header.deployment.users.text),
        (("deployment", "volume"), "how much it is used", header.deployment.volume.text),
        (("deployment", "horizon"), "for how long it is used", header.deployment.horizon.text),
        (("deployment", "distribution"), "what it is asked", header.deployment.distribution),
        (("harm", "what"), "the harm that must not happen", header.harm.what),
        (("harm", "mistake"), "the single mistake that adds up to it", header.harm.mistake),
    ]
    spec = header.models.get(header.system.model)
    if spec is not None:
        parts.append((("models", header.system.model), "the weights of the model", spec.weights))
    if nobody(header.decision.owner):
        yield ("decision", "owner"), "who takes the decision"
    for path, what, text in parts:
        if not_stated(text):
            yield path, what
