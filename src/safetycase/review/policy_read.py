"""The text of a policy -> `Policy`, read as strictly as a case file."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from safetycase.argument.decode import MISSING, Decoder
from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.model import Duration
from safetycase.argument.nodes import Collection, Node, Reader, Scalar, Unread, span_of
from safetycase.argument.store import Scope, Store
from safetycase.review.policy import CLAUSES, OPTIONS, Clause, Mode, Policy
from safetycase.review.policy_default import DEFAULT_POLICY

__all__ = ["PolicyRead", "default_policy", "read_policy"]

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LISTS: tuple[Mode, ...] = ("release", "merge")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRead:
    """A policy, None if its text has errors, and the findings of reading it."""

    policy: Policy | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The keys of a policy that are no list of clauses."""

    policy: str
    says: str | None = None
    record: str | None = None
    authorities: tuple[str, ...] = ()
    verdict_valid_for: Duration | None = None
    override_valid_for: Duration | None = None


def default_policy() -> Policy:
    """The built-in policy, from the text that `gate --show-policy` prints."""
    found = read_policy(DEFAULT_POLICY, "built in").policy
    assert found is not None
    return found


def read_policy(text: str, file: str) -> PolicyRead:
    """Read a policy from its text; `file` names it in findings. Nothing is guessed.

    A policy with any finding is none: a clause that was mistyped must not be left out silently.
    """
    reader = Reader(text, file)
    if reader.root is None:
        return PolicyRead(policy=None, findings=tuple(reader.findings))
    decoder = Decoder(reader, Scope(), Store())
    head: list[Any] = []
    lists: dict[Mode, tuple[Clause, ...]] = {}
    root = reader.root
    if type(root) is Collection and root.mapping:
        for key, value in root.pairs():
            word = key.value if type(key) is Scalar else ""
            mode = next((m for m in _LISTS if m == word), None)
            if mode is None:
                head += [key, value]
            elif mode in lists:
                first = next(k for k, _ in root.pairs() if type(k) is Scalar and k.value == word)
                reader.twice(key, first, "the policy")
            else:
                lists[mode] = _clauses(decoder, value, mode)
    values = _head(decoder, root, head)
    for mode in _LISTS:
        if mode not in lists and values is not MISSING:
            reader.report("F021", root, f"the policy lacks `{mode}`", "list its clauses, or []")
    found = tuple(
        dataclasses.replace(finding, subject=None)
        for finding in sorted(reader.findings, key=lambda f: (f.span, f.code))
    )
    if found or values is MISSING:
        return PolicyRead(policy=None, findings=found)
    return PolicyRead(
        policy=Policy(
            name=values.policy,
            says=values.says or "",
            record=values.record or "",
            authorities=values.authorities,
            verdict_valid_for=values.verdict_valid_for,
            override_valid_for=values.override_valid_for,
            release=lists["release"],
            merge=lists["merge"],
            source=file,
            digest=hashlib.sha256(text.encode()).hexdigest(),
        )
    )


def _head(decoder: Decoder, root: Node, items: list[Any]) -> Any:
    """The scalars of the policy, or `MISSING`."""
    if type(root) is not Collection or not root.mapping:
        decoder.reader.report("F005", root, "the policy is a mapping of `key: value` lines")
        return MISSING
    rest = Collection(True, root.start_mark, root.tag)
    rest.items, rest.end_mark = items, root.end_mark
    return decoder.record(_Head, rest, (None, "the policy"))


def _clauses(decoder: Decoder, node: Node, mode: Mode) -> tuple[Clause, ...]:
    reader = decoder.reader
    found: dict[str, Clause] = {}
    for entry in reader.sequence(node, f"`{mode}` of the policy"):
        clause = _clause(decoder, entry, mode)
        if clause is None:
            continue
        if clause.name in found:
            reader.report(
                "F013",
                entry,
                f"the clause `{clause.name}` is listed twice under `{mode}`",
                f"the first is at {found[clause.name].at}; remove one, or name one with `as`",
            )
        else:
            found[clause.name] = clause
    return tuple(found.values())


def _clause(decoder: Decoder, node: Node, mode: Mode) -> Clause | None:
    """One entry, `clause: NAME` first and its options below."""
    reader = decoder.reader
    if type(node) is not Collection or not node.mapping or not node.items:
        if type(node) is not Unread:
            reader.report("F005", node, f"an entry of `{mode}` is a mapping", "write `- clause: …`")
        return None
    key, value = node.items[0], node.items[1]
    if type(key) is not Scalar or key.value != "clause":
        reader.report("F021", node, "a clause starts with `clause: NAME`", _known(mode))
        return None
    kind = reader.word(value, "`clause`") if type(value) is not Unread else None
    if kind is None:
        return None
    if kind not in CLAUSES or mode not in CLAUSES[kind][0]:
        says = f"`{kind}` is no clause of the {mode} gate"
        names = [name for name, (modes, _) in CLAUSES.items() if mode in modes]
        reader.report("F022", value, says, did_you_mean(kind, names) or _known(mode))
        return None
    rest, name = Collection(True, node.start_mark, node.tag), kind
    rest.end_mark = node.end_mark
    for at in range(2, len(node.items), 2):
        word, said = node.items[at], node.items[at + 1]
        if type(word) is Scalar and word.value == "as":
            name = _name(reader, said, kind)
        else:
            rest.items += [word, said]
    options = decoder.record(OPTIONS[kind], rest, (None, f"clause {kind}"))
    if options is MISSING:
        return None
    _bounded(reader, node, kind, options)
    return Clause(name=name, kind=kind, options=options, at=span_of(node, reader.file))


def _name(reader: Reader, node: Node, kind: str) -> str:
    """The other name of a clause, by which overrides and programs call it."""
    name = reader.word(node, f"`as` of clause {kind}")
    if name is not None and not _NAME.fullmatch(name):
        says = f"`{name[:80]}` is no name of a clause"
        reader.report("F011", node, says, "names are lower-case words and digits with hyphens")
    elif name in CLAUSES and name != kind:
        says = f"`as: {name}` would pass {kind} for another clause"
        reader.report("F022", node, says, f"no clause is called as {name} but that one itself")
    return name or kind


def _bounded(reader: Reader, node: Node, kind: str, options: Any) -> None:
    """Numbers that ask for nothing, or for less than nothing, are a slip."""
    least = {"count": 1, "external": 0, "reviewers": 1, "reviewers_if_full": 1, "at_most": 1}
    for item in dataclasses.fields(options):
        value = getattr(options, item.name)
        lowest = least.get(item.name, 1)
        if isinstance(value, int) and value < lowest:
            says = f"`{item.name}` of clause {kind} is {value}"
            hint = f"expected a whole number of at least {lowest}; remove the clause to drop it"
            reader.report("F023", node, says, hint)
    if kind == "sign-off" and options.external > options.count:
        says = f"clause {kind} wants {options.external} external of {options.count} reviewers"
        reader.report("F023", node, says, "raise `count`, or lower `external`")


def _known(mode: Mode) -> str:
    return "known here: " + ", ".join(
        f"`{n}`" for n, (modes, _) in CLAUSES.items() if mode in modes
    )
