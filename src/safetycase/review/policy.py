"""A policy: which clauses a gate asks for, and how strictly.

A clause is a rule with options. Some cannot be left out of a policy: whatever a file says, a
record that does not verify, a file with errors, a sketch and a refuted case release nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from safetycase.argument.findings import Span
from safetycase.argument.model import Duration

__all__ = [
    "ALWAYS",
    "CLAUSES",
    "Attempts",
    "Challenges",
    "Clause",
    "Identified",
    "Loosening",
    "Mode",
    "NoOptions",
    "NOT_OVERRIDDEN",
    "OPTIONS",
    "Options",
    "Order",
    "Policy",
    "Raised",
    "Signing",
    "as_data",
    "is_keyid",
    "with_always",
]

Mode = Literal["release", "merge"]
_KEYID: Final = re.compile(r"[0-9a-f]{32,64}")


def is_keyid(text: str) -> bool:
    """Whether a name in a policy is the id of a key, or at least the first half of one."""
    return _KEYID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """A clause that is asked for or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenges:
    """The least severity of a challenge that keeps the gate shut while it stands."""

    at_least: Literal["minor", "major", "critical"] = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """How many challenges have to have been raised at all, whatever became of them."""

    at_least: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How many different independent reviewers have to accept each element of `on`.

    Without `on` it is the root. With `by`, only the keys of these owners, or with these ids, count.
    `external` of them have to be among the case's `reviewers` with `external: true`. `conditions`
    says whether a sign-off with conditions counts; they are listed. With `results: seen` one counts
    only if it came after the runs that the leaves under the element rest on now.
    """

    on: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    count: int = 1
    external: int = 0
    conditions: Literal["allowed", "refused"] = "allowed"
    results: Literal["any", "seen"] = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """The most attempts at one leaf over all registrations; without it the budget of its plan."""

    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How well it has to be shown that each criterion came before its result."""

    at_least: Literal["self", "cosigned", "public"] = "self"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """How surely the model of each leaf that has one has to be known."""

    at_least: Literal["reported", "fingerprint", "signed", "weights"] = "fingerprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """Who has to sign what makes a case weaker than it was.

    `reviewers` different ones, `reviewers_if_full` where either version is a full case; with `by`,
    only those whose keys have these owners or ids count. What can
    neither be called weaker nor stronger (`undecided`) needs one, as does a new wording if
    `reworded` is `signed`.
    """

    reviewers: int = 1
    reviewers_if_full: int = 2
    by: tuple[str, ...] = ()
    undecided: Literal["signed", "shown"] = "signed"
    reworded: Literal["signed", "shown"] = "shown"


Options = NoOptions | Challenges | Raised | Signing | Attempts | Order | Identified | Loosening

OPTIONS: Final[Mapping[str, type[Any]]] = {
    "record-verifies": NoOptions,
    "well-formed": NoOptions,
    "maturity-full": NoOptions,
    "verdict-holds": NoOptions,
    "leaves-fresh": NoOptions,
    "assumptions-owned-and-unexpired": NoOptions,
    "decision-unexpired": NoOptions,
    "monitors-heard": NoOptions,
    "attempts-within": Attempts,
    "ordering-grade": Order,
    "identity": Identified,
    "review-asked": Raised,
    "no-open-challenge": Challenges,
    "sign-off": Signing,
    "policy-not-weaker": NoOptions,
    "loosening-signed": Loosening,
    "reruns-recorded": NoOptions,
    "no-less-shown": NoOptions,
}
"""Each clause there is, with the record of its options."""

CLAUSES: Final[Mapping[str, tuple[tuple[Mode, ...], str]]] = {
    "record-verifies": (("release", "merge"), "The record is what was written."),
    "well-formed": (("release", "merge"), "No finding makes a part of the case not ready."),
    "maturity-full": (("release",), "The case is a full one, not a sketch or a template."),
    "verdict-holds": (("release",), "The root is supported, at the confidence asked for."),
    "leaves-fresh": (("release",), "Every result under the root counts today."),
    "assumptions-owned-and-unexpired": (
        ("release",),
        "Every assumption under the root has an owner, and an end ahead or a monitor.",
    ),
    "decision-unexpired": (("release",), "The decision that the case supports still stands."),
    "monitors-heard": (("release",), "No monitor is silent or blind, and no alarm is open."),
    "attempts-within": (("release",), "No leaf was tried more often than planned."),
    "ordering-grade": (("release",), "Each criterion is shown to be older than its result."),
    "identity": (("release",), "The model of each leaf is known surely enough."),
    "review-asked": (("release",), "Somebody challenged the case at all."),
    "no-open-challenge": (("release", "merge"), "No serious challenge stands."),
    "sign-off": (("release", "merge"), "Independent reviewers accept it as it is now."),
    "policy-not-weaker": (("merge",), "The policy asks for no less than before."),
    "loosening-signed": (("merge",), "What makes the case weaker was signed by somebody else."),
    "reruns-recorded": (("merge",), "What a leaf runs is what it was, or was run again."),
    "no-less-shown": (("merge",), "The record shows no less of the root than before."),
}
"""Each clause: the gates it can be asked for, and what it says when it passes."""

ALWAYS: Final[Mapping[Mode, tuple[str, ...]]] = {
    "release": ("record-verifies", "well-formed", "maturity-full", "verdict-holds"),
    "merge": ("record-verifies", "well-formed", "policy-not-weaker", "loosening-signed"),
}
"""The clauses that a gate asks for whatever the policy says."""

NOT_OVERRIDDEN: Final = frozenset({"record-verifies", "well-formed", "maturity-full"})
"""Clauses that nobody can override; of a refuted case `verdict-holds` is one, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause of a policy: the name it is reported by, its kind and its options."""

    name: str
    kind: str
    options: Any
    at: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a gate asks for. `source` names its text, `digest` is the SHA-256 of it.

    `record` is the name of the one record that counts, as `verify` prints it, if one is named. Only
    `authorities` may override a clause, if any are named. A signed verdict ends
    `verdict_valid_for` after it was given, at the latest, and an override has force no longer than
    `override_valid_for` after it was.
    """

    name: str
    release: tuple[Clause, ...]
    merge: tuple[Clause, ...]
    says: str = ""
    record: str = ""
    authorities: tuple[str, ...] = ()
    verdict_valid_for: Duration | None = None
    override_valid_for: Duration | None = None
    source: str = ""
    digest: str = ""

    def of(self, mode: Mode) -> tuple[Clause, ...]:
        """The clauses of one gate, with those that no policy can leave out."""
        return with_always(self.release if mode == "release" else self.merge, mode)


def with_always(clauses: tuple[Clause, ...], mode: Mode) -> tuple[Clause, ...]:
    """The clauses, those that are always asked for in front if they are not among them."""
    kinds = {clause.kind for clause in clauses}
    missing = [kind for kind in ALWAYS[mode] if kind not in kinds]
    return (*(Clause(name=k, kind=k, options=OPTIONS[k]()) for k in missing), *clauses)


def as_data(policy: Policy) -> dict[str, Any]:
    """The policy as JSON data, with every option and the clauses that are always asked for."""

    def rows(mode: Mode) -> list[dict[str, Any]]:
        return [
            {"clause": c.kind, "as": c.name, "options": dataclasses.asdict(c.options)}
            for c in policy.of(mode)
        ]

    lasts, over = policy.verdict_valid_for, policy.override_valid_for
    return {
        "policy": policy.name,
        "says": policy.says,
        "source": policy.source,
        "sha256": policy.digest,
        "record": policy.record or None,
        "authorities": list(policy.authorities),
        "verdict_valid_for": lasts.text if lasts else None,
        "override_valid_for": over.text if over else None,
        "release": rows("release"),
        "merge": rows("merge"),
    }
