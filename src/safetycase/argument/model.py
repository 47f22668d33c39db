"""The vocabulary of a safety case: frozen records, and nothing that reads or decides.

The records are the file format: `argument.decode` fills them from YAML by their own type
hints and `argument.schema` prints the same hints as a JSON Schema. A nested element is
stored once in `Case.elements`; the place where it stood holds its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from safetycase.argument.expression import Expression
from safetycase.argument.findings import Finding, Span

__all__ = [
    "Accepted",
    "Argument",
    "Assumption",
    "Case",
    "Claim",
    "Context",
    "Credence",
    "Decision",
    "Defeater",
    "Deployment",
    "Duration",
    "Element",
    "Evidence",
    "Fact",
    "Harm",
    "Header",
    "Plan",
    "Problem",
    "ModelSpec",
    "RefTo",
    "Rule",
    "System",
]


@dataclass(frozen=True, slots=True)
class RefTo:
    """Marks an id that refers to an element of one of `kinds`.

    In the file it is a bare id or, where `in_place` says so, the element itself.
    """

    kinds: tuple[str, ...]
    in_place: bool = True


ANY_KIND = ("claim", "argument", "evidence", "assumption", "defeater", "problem", "context")
StepRef = Annotated[str, RefTo(("argument", "evidence"))]
PremiseRef = Annotated[str, RefTo(("claim", "assumption", "evidence"))]
ClaimRef = Annotated[str, RefTo(("claim",))]
ContextRef = Annotated[str, RefTo(("context",))]
TargetRef = Annotated[str, RefTo(ANY_KIND, in_place=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of time, written `NUMBER UNIT` with the unit hours, days, weeks, months or years."""

    text: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the case. With a number it reads `NUMBER NOUN [per PERIOD]`."""

    text: str
    number: float | None = None
    noun: str | None = None
    per: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credence:
    """A named judgement of how likely something holds, as an interval of probability."""

    at_least: float
    at_most: float = 1.0
    owner: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the case is for, who decides, and until when the decision stands."""

    supports: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of the case: where its weights are and what serves them."""

    weights: str
    provider: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is deployed: a model of `models`, its scaffold and its tools."""

    model: str
    scaffold: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where and how much the system is used. Evidence off `distribution` is not applicable."""

    users: Fact
    volume: Fact
    horizon: Fact
    distribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """The outcome that must not happen, and the single mistake that adds up to it."""

    what: str
    mistake: str
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one leaf: how many completed attempts are pooled, and the planned n."""

    attempts: int = 1
    n: int | None = None
    clusters: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One proposition that can be true or false; `holds_when` is its criterion."""

    id: str
    says: str
    holds_when: Expression | None = None
    by: StepRef | None = None
    in_support: tuple[ClaimRef, ...] = ()
    context: tuple[ContextRef, ...] = ()
    because: str | None = None


ArgumentKind = Literal[
    "decomposition", "substitution", "concretion", "calculation", "incorporation", "alternatives"
]
Rule = Literal["all", "any", "k of n"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """The inference step between a claim and its premises.

    `exact: true` says the premises are also necessary, so that a refuted premise refutes the
    conclusion. `despite` answers, leg by leg, why an `any` stands although that leg is refuted.
    """

    id: str
    kind: ArgumentKind
    because: str
    premises: tuple[PremiseRef, ...]
    rule: Rule | None = None
    k: int | None = None
    exact: bool = False
    side_conditions: tuple[PremiseRef, ...] = ()
    despite: Mapping[str, str] = field(default_factory=dict)
    credence: Credence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A leaf that executes: `method` with the parameters `with`, on the files `inputs`.

    `reads` maps a quantity of the claim to what the method measures. `valid_for` is the time
    after which a result no longer counts.
    """

    id: str
    method: str
    because: str
    with_: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    valid_for: Duration | None = None
    level: float | None = None
    model: str | None = None
    distribution: str | None = None
    plan: Plan | None = None
    credence: Credence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A claim taken without support; supports only while owned, unexpired and unalarmed."""

    id: str
    says: str
    owner: str | None = None
    expires: date | None = None
    monitor: str | None = None
    because: str | None = None
    credence: Credence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A residual defeater, accepted by a named person with a stated doubt until a date."""

    doubt: float
    because: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Defeater:
    """A reason to doubt an element, a step or another defeater.

    The type of its target makes it rebutting (a claim), undercutting (a step) or undermining
    (evidence). An id of the form `EVIDENCE.NAME` takes over a defeater the engine raises itself.
    """

    id: str
    against: TargetRef
    says: str
    by: StepRef | None = None
    answered_by: tuple[PremiseRef, ...] = ()
    accepted: Accepted | None = None
    mandatory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An open research sub-problem that blocks elements, and how a solution is recognised."""

    id: str
    says: str
    blocks: tuple[TargetRef, ...]
    closed_when: str
    proxy: str | None = None
    shots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Scope: a definition or circumstance that claims are read in."""

    id: str
    says: str


Element = Claim | Argument | Evidence | Assumption | Defeater | Problem | Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the case is about: everything in the file that is not an element."""

    case: str
    title: str
    maturity: Literal["sketch", "template", "full"]
    target: float
    decision: Decision
    models: Mapping[str, ModelSpec]
    system: System
    deployment: Deployment
    harm: Harm


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One safety case: header, root claim and every element by id, in file order.

    `spans` maps `(element id, field, ...)` to its place in the text (`()` is the file itself,
    header fields start with `""`).
    """

    header: Header
    root: str
    elements: Mapping[str, Element]
    spans: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    source: str = "case.yaml"

    def span(self, *path: str) -> Span:
        """The place of `path`, or of its nearest parent that has one."""
        while path and path not in self.spans:
            path = path[:-1]
        return self.spans.get(path) or Span(file=self.source, line=1, column=1)
