"""What a record would change if it were signed: a case before and after it."""

from __future__ import annotations

from safetycase.assess.records import Assessment

__all__ = ["would_change"]


def would_change(before: Assessment, after: Assessment) -> dict[str, tuple[str, str]]:
    """The elements whose support would change, as it was and would be; "" is the verdict."""
    found: dict[str, tuple[str, str]] = {}
    for name in dict.fromkeys((*before.states, *after.states)):
        # The doubt that an alarm or a challenge raises is there only as long as that stands.
        was, now = (each.states.get(name) for each in (before, after))
        words = was.support if was else "not there", now.support if now else "gone"
        if words[0] != words[1]:
            found[name] = words
    if before.verdict != after.verdict:
        found[""] = (before.verdict, after.verdict)
    return found
