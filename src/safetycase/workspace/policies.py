"""The policy of a case folder: its own file, one that was given, or the built-in one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from safetycase.argument.findings import Finding, Span
from safetycase.ledger.files import read_file
from safetycase.review.policy_read import PolicyRead, default_policy, read_policy
from safetycase.workspace.paths import shown

if TYPE_CHECKING:
    from safetycase.review.entries import Entry

__all__ = ["POLICY_FILE", "about_policy", "policy_at"]

POLICY_FILE: Final = "policy.yaml"


def policy_at(folder: Path, file: Path | None = None) -> PolicyRead:
    """The policy in `file`, or in the case folder, or the built-in one if neither is there."""
    path = file or folder / POLICY_FILE
    if file is None and not os.path.lexists(path):  # a link that leads nowhere is no absence
        other = min((p for p in folder.iterdir() if _nearly(p.name)), default=None)
        if other is None:
            return PolicyRead(policy=default_policy())
        says = f"{other.name} is not read: the policy of a case is {POLICY_FILE}"
        found = _unread(shown(other), says, f"call it {POLICY_FILE}, or take it away")
        return PolicyRead(policy=None, findings=(found,))
    name = shown(path)
    try:
        return read_policy(read_file(path).decode("utf-8"), name)
    except UnicodeDecodeError as error:
        says = f"the policy is not UTF-8 text (byte {error.start})"
    except OSError as error:
        says = f"the policy cannot be read: {error.strerror or error}"
    return PolicyRead(policy=None, findings=(_unread(name, says),))


def _nearly(name: str) -> bool:
    """Whether somebody may take a file of this name for the policy."""
    return name != POLICY_FILE and name.casefold() in ("policy.yaml", "policy.yml")


def _unread(name: str, says: str, hint: str = "") -> Finding:
    span = Span(file=name, line=1, column=1)
    return Finding(code="F002", span=span, message=says, hint=hint or None)


def about_policy(entry: Entry, folder: Path) -> Entry:
    """An override with the digest of the policy beside the case, which whoever overrides has read.

    Without it, it opens no clause about the policy itself. Other entries stay as they are.
    """
    policy = policy_at(folder).policy if entry.kind == "override" else None
    if policy is None:
        return entry
    return replace(entry, body={**entry.body, "policy": policy.digest})
