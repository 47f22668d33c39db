"""A case folder put to a gate: every digest taken anew, the record verified, the policy read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case
from safetycase.assess.gated import Gated
from safetycase.ledger import Kept, Seen, default_seen_folder, verify
from safetycase.ledger.checkpoints import hold
from safetycase.ledger.recipe import differences
from safetycase.ledger.record import Problem
from safetycase.ledger.trust import origin_of
from safetycase.review.gate import release
from safetycase.review.gate_facts import Facts
from safetycase.review.policy import Policy
from safetycase.workspace.checking import check_folder
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.profiles import case_findings

__all__ = ["Before", "findings_of", "merge_gate", "release_gate"]


_BROUGHT: Final = Problem(
    line=0,
    says="the record came with the change: its files are in git, so that whoever made the change "
    "may have made the record and every signature in it",
    hint="keep `ledger/` out of git and fetch the record, or name it in the policy (`record:`), or "
    "pin a checkpoint in the version before (`safetycase record checkpoint --pin`)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The version before a change: its case, its policy, and its folder, if it could be had.

    `policy` judges the change; `own` is the policy that stood beside the version, the same one
    unless another was given from outside.
    `pin` is the checkpoint that was pinned in it: the record of today has to go on from there.
    `brought` is whether the record came with the change, being under version control itself.
    `changed` are the files of the repository that are others than in the version, where it is a
    revision: a method may be written beside the case, and is then run as it is now for both.
    """

    name: str
    case: Case
    policy: Policy
    own: Policy
    folder: Path | None
    problem: str = ""
    pin: bytes | None = None
    brought: bool = False
    changed: frozenset[Path] = frozenset()


def release_gate(space: Workspace, policy: Policy) -> Gated:
    """Whether the case is sufficient now. `space` was opened without trust in remembered digests.

    The record is verified with the bytes of every artefact.
    """
    seen = Seen(folder=default_seen_folder(os.environ))
    problems = verify(space.folder / "ledger", seen=seen).problems
    return release(_facts(space, policy, problems))


def merge_gate(space: Workspace, before: Before, changed: Policy) -> Gated:
    """Whether the case may take the place of what it was; `changed` is its own policy now."""
    # Only this gate compares versions, and the other starts faster without.
    from safetycase.argument.diff import diff
    from safetycase.review.gate_merge import Earlier, merge

    assert space.case is not None
    difference = diff(before.case, space.case)
    opened, problem = _earlier(space, before)
    problems = [*space.log.problems, *space.history.problems]
    if before.pin is not None and space.log.records:
        kept = Kept(name=f"pinned in {before.name}", data=before.pin)
        problems += hold(space.log, [kept])[1]
    elif before.brought and before.policy.record == "" and space.log.records:
        problems.append(_BROUGHT)
    return merge(
        _facts(space, before.policy, problems),
        Earlier(
            name=before.name,
            case=before.case,
            difference=difference,
            policy=changed,
            own=before.own,
            assessment=opened.assess() if opened else None,
            problem=problem,
            other=_other(opened, space, difference.renamed, before.changed) if opened else {},
        ),
    )


def _facts(space: Workspace, policy: Policy, problems: Sequence[Problem]) -> Facts:
    return Facts(
        assessment=space.assess(),
        history=space.history,
        policy=policy,
        findings=findings_of(space),
        problems=tuple(problems),
        origin=origin_of(space.log.records[0]) if space.log.records else "",
    )


def findings_of(space: Workspace) -> tuple[Finding, ...]:
    """The findings of the case, those of the profiles that it asks for among them."""
    if space.case is None or not space.case.header.profiles:
        return space.findings
    held = case_findings(check_folder(space.folder, texts=space.texts), (), space.now.date())
    return tuple(dict.fromkeys((*space.findings, *held)))


def _earlier(space: Workspace, before: Before) -> tuple[Workspace | None, str]:
    """The earlier case under the record of today, or why it cannot be had."""
    if before.folder is None:
        return None, before.problem
    opened = open_case(before.folder, space.now)
    if opened.case is None:
        return None, "its case file cannot be read"
    same = replace(opened, log=space.log, history=space.history, undeclared=space.undeclared)
    return same, ""


def _other(
    before: Workspace, now: Workspace, renamed: Mapping[str, str], changed: frozenset[Path]
) -> Mapping[str, tuple[str, ...]]:
    """The leaves of both versions that run something else now: the fields of their recipes.

    `renamed` has the ids of today by those of before. Code beside the case, of which only one
    version can be imported, is told by the files that `changed`.
    """
    called = {after: old for old, after in renamed.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name, current in now.recipes.items():
        was = before.recipes.get(called.get(name, name))
        if was is None:
            continue  # a new leaf, which the difference of the argument lists
        fields: tuple[str, ...] = ()
        if was.recipe is not None and current.recipe is not None:
            fields = differences(was.recipe.groups, current.recipe.groups)
        elif was.recipe is not current.recipe:
            fields = (f"what it runs: {was.problem or current.problem}",)
        touched = {name for name, path in current.sources.items() if path.resolve() in changed}
        fields += tuple(sorted(touched.difference(fields)))
        if fields:
            found[name] = fields
    return found
