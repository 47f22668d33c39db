"""The vocabulary of a safety case: frozen records, and nothing that reads or decides.

The records are the file format: `argument.decode` fills them from YAML by their own type
hints and `argument.schema` prints the same hints as a JSON Schema. A nested element is
stored once in `Case.elements`; the place where it stood holds its id.

Elements have no slots: most of their fields are left at the default, which then stays on the class
and costs a large case neither time nor memory (see `docs/why/events-not-nodes.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from safetycase.argument.expression import Expression, Formula
from safetycase.argument.findings import Finding, Span
from safetycase.argument.header import (
    Author,
    Decision,
    Deployment,
    Duration,
    Fact,
    Harm,
    Header,
    ModelSpec,
    System,
)
from safetycase.argument.monitors import Canaries, DetectorKind, IndicatorKind, Monitor
from safetycase.argument.parts import Module, Parameter, Use
from safetycase.argument.ref_to import (
    ClaimRef,
    ContextRef,
    EvidenceRef,
    LegKey,
    MonitorRef,
    PremiseRef,
    StepRef,
    TargetClaimRef,
    TargetRef,
)
from safetycase.argument.store import Places

__all__ = [
    "Accepted",
    "Access",
    "Affordance",
    "Argument",
    "Assumption",
    "Author",
    "Canaries",
    "Case",
    "Chance",
    "Claim",
    "Context",
    "Credence",
    "Decision",
    "Declared",
    "Defeater",
    "Dependence",
    "DependenceKind",
    "Deployment",
    "DetectorKind",
    "Duration",
    "Element",
    "Evidence",
    "Fact",
    "Family",
    "Harm",
    "Hazard",
    "Header",
    "Identity",
    "IndicatorKind",
    "Justification",
    "Module",
    "Monitor",
    "Parameter",
    "Plan",
    "Prior",
    "Problem",
    "Prospects",
    "ModelSpec",
    "Rule",
    "System",
    "Trigger",
    "Use",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credence:
    """A named judgement of how likely something holds, as an interval of probability."""

    at_least: float
    at_most: float = 1.0
    owner: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """An interval of probability that nobody has to answer for alone."""

    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What was believed before the data, by whom and why; it can lower a leaf, never raise it.

    `holds` is the probability of the claim itself, and `valid` that of the instrument, before
    the result; both are updated together. Or, of the rate of failure, that it is at most
    `rate_at_most` with probability `with_probability` and nowhere below `floor`: conservative
    Bayesian inference (Strigini & Zhao 2020, arXiv:2008.09510).
    """

    owner: str
    because: str
    holds: float | None = None
    valid: float = 1.0
    rate_at_most: float | None = None
    with_probability: float | None = None
    floor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one leaf: how many completed attempts are pooled, and the planned n.

    `budget` is the number of attempts, however they end, after which the registration is used up;
    `exploratory` how many runs that never count may be made. Costs are in the unit of the case's
    budget: one item, and what is spent once.
    """

    attempts: int = 1
    n: int | None = None
    budget: int | None = None
    exploratory: int | None = None
    clusters: int | None = None
    cost_per_item: float | None = None
    cost_fixed: float | None = None


Identity = Literal["weights", "signed", "fingerprint", "reported"]
"""How the subject of a run is known, surest first: weights hashed by the runner, an id signed by
the provider, stored answers to a fixed probe set, or the id that the provider reports."""

Access = Literal["black box", "grey box", "white box", "fine-tuning"]
"""How much of the model was open to whoever elicited from it, least first."""

Family = Literal[
    "scheming inability",
    "harm inability",
    "harm control",
    "alignment",
    "alignment by training",
    "trustworthiness",
    "deference",
]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One proposition that can be true or false; `holds_when` is its criterion.

    `argues` names the family of safety argument it belongs to (Clymer et al. 2024,
    arXiv:2403.10462; Balesni et al. 2024, arXiv:2411.03336); the review rules read it, and C140
    lets no method close an argument from training that does not say that it can.
    `reconstructed` marks a node that the cited source was not available to confirm.
    """

    id: str
    says: str
    holds_when: Expression | None = None
    by: StepRef | None = None
    in_support: tuple[ClaimRef, ...] = ()
    context: tuple[ContextRef, ...] = ()
    because: str | None = None
    argues: Family | None = None
    reconstructed: bool = False


ArgumentKind = Literal[
    "decomposition", "substitution", "concretion", "calculation", "incorporation", "alternatives"
]
Rule = Literal["all", "any", "k of n", "calculate"]


@dataclass(frozen=True, kw_only=True)
class Argument:
    """The inference step between a claim and its premises.

    `exact: true` says the premises are also necessary, so that a refuted premise refutes the
    conclusion. `despite` answers, leg by leg, why an `any` stands although that leg is refuted.
    `computes` is the formula of a `calculate` step over the quantities of its premises, e.g.
    `attempts * rate`. `concludes` names the claim a step supports where it is written apart from
    it: a contract between modules.
    """

    id: str
    kind: ArgumentKind
    because: str
    premises: tuple[PremiseRef, ...]
    rule: Rule | None = None
    k: int | None = None
    computes: Mapping[str, Formula] = field(default_factory=dict)
    concludes: TargetClaimRef | None = None
    context: tuple[ContextRef, ...] = ()
    exact: bool = False
    side_conditions: tuple[PremiseRef, ...] = ()
    despite: Mapping[LegKey, str] = field(default_factory=dict)
    credence: Credence | None = None


EvidenceType = Literal[
    "capability evaluation",
    "control evaluation",
    "detection",
    "human audit",
    "honeypot evaluation",
    "elicitation",
    "training audit",
    "legibility test",
    "probe",
    "uplift study",
    "red team",
    "forecast",
    "convergence test",
    "human study",
    "theorem",
    "simulation",
    "monitoring",
    "attestation",
    "expert judgement",
    "process",
    "document",
]
Trigger = Literal[
    "weights",
    "scaffold",
    "tools",
    "permissions",
    "monitor",
    "threshold",
    "elicitation",
    "instrument version",
    "traffic distribution",
    "deployment volume",
    "context length",
    "protocol leaked",
    "red team not last",
    "indicator breach",
    "incident",
    "training on the evaluation",
    "time",
    "capability jump",
    "assumption withdrawn",
    "staffing",
    "actor model",
    "training change",
]
Affordance = Literal[
    "prompting",
    "document planting",
    "goal installation",
    "fine-tuning on attacks",
    "protocol source",
    "threshold",
    "cross-instance memory",
    "clock",
    "start and stop",
    "final move",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the author states of how a leaf is made, for the review rules to read.

    `safety` names the definition of a safety metric; values of different definitions are never
    compared. `control_level` is the AI control level the red team has to match (Korbak et al.
    2025, arXiv:2504.05259). `shared` lists what the leaf has in common with others (prompt
    family, elicitor, judge), so that no two of them are multiplied.
    """

    safety: (
        Literal[
            "per attempt race",
            "deployment independent",
            "constant rate supremum",
            "full information",
        ]
        | None
    ) = None
    attack_rate: float | None = None
    horizon: int | None = None
    affordances: tuple[Affordance, ...] = ()
    control_level: int | None = None
    last_move: Literal["red", "blue"] | None = None
    red_team_budget: str | None = None
    planted_positives: str | None = None
    tuned_on: tuple[str, ...] = ()
    tested_on: tuple[str, ...] = ()
    tail_model: str | None = None
    evaluated_n: int | None = None
    strategic_model: Literal["fixed rate", "best response", "distinguishing"] | None = None
    maximum_over: str | None = None
    calibrated_null: str | None = None
    signal_trained_on: bool | None = None
    blind_seeds: int | None = None
    dated: date | None = None
    instrument: str | None = None
    elicitor: str | None = None
    attempts_to_refute: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A leaf that executes: `method` with the parameters `with`, on the files `inputs`.

    `reads` maps a quantity of the claim to what the method measures. `valid_for` is the time
    after which a result no longer counts. Without a `method` the leaf is only planned (or a
    document, named by `artefact`): nothing executes it, so it supports nothing. `type`,
    `statistic` and `stale_when` say what kind of evidence decides it, by which number, and
    which changes end its validity. `effort` is the least that has to have been tried
    (`attempts`, `access`, whatever the method counts), `environment` names what of the environment
    matters for the result, `identity` how surely the subject has to be known.
    """

    id: str
    because: str
    method: str | None = None
    with_: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    valid_for: Duration | None = None
    level: float | None = None
    model: str | None = None
    distribution: str | None = None
    plan: Plan | None = None
    credence: Credence | None = None
    prior: Prior | None = None
    type: EvidenceType | None = None
    statistic: str | None = None
    stale_when: tuple[Trigger, ...] = ()
    effort: Mapping[str, Any] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    identity: Identity | None = None
    artefact: str | None = None
    context: tuple[ContextRef, ...] = ()
    declared: Declared | None = None
    reconstructed: bool = False


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A claim taken without support; supports only while owned, unexpired and unalarmed.

    `attested_by` names the evidence (signed attestations) that shows it still to be so.
    """

    id: str
    says: str
    owner: str | None = None
    expires: date | None = None
    monitor: MonitorRef | None = None
    because: str | None = None
    credence: Credence | None = None
    attested_by: tuple[EvidenceRef, ...] = ()
    reconstructed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A residual defeater, accepted by a named person with a stated doubt until a date."""

    doubt: float
    because: str
    owner: str
    expires: date


@dataclass(frozen=True, kw_only=True)
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
class Prospects:
    """What a problem would take, as somebody judges it.

    It is `solvable` in principle by approaches of one `family` with that chance, and if so each
    independent shot solves it with the chance `each_shot`. `already` is the chance that it needs
    no shot. `cost` is that of one shot, in the unit of the budget.
    """

    solvable: Chance
    each_shot: Chance
    cost: float
    owner: str
    because: str
    family: str | None = None
    already: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An open research sub-problem that blocks elements, and how a solution is recognised.

    `kind` says what would solve it, `instance_of` which problem of a library it is a case of
    (`aisi/P2`), `who` could work on it.
    """

    id: str
    says: str
    blocks: tuple[TargetRef, ...]
    closed_when: str
    kind: Literal["theory", "evaluation", "dataset", "method"] | None = None
    instance_of: str | None = None
    who: str | None = None
    prospects: Prospects | None = None
    proxy: str | None = None
    shots: tuple[str, ...] = ()
    reconstructed: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """Scope: a definition or circumstance that claims are read in."""

    id: str
    says: str
    artefact: str | None = None


@dataclass(frozen=True, kw_only=True)
class Justification:
    """A reason for the way an element is argued; it holds for that element alone."""

    id: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One entry of the hazard log: covered by claims, or excluded for a stated reason.

    `combines` lists the harm categories it joins (misuse with misalignment, say).
    """

    id: str
    says: str
    covered_by: tuple[TargetRef, ...] = ()
    excluded_because: str | None = None
    combines: tuple[str, ...] = ()


DependenceKind = Literal[
    "associated",
    "independent",
    "partition",
    "exclusive",
    "contained",
    "common cause",
    "pairwise cap",
]


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """A stated dependence between the elements `among`, with an owner and a warrant.

    Without one nothing is taken to be independent. It counts as far as its `credence` goes:
    what it adds to the confidence is paid for by the doubt that it is wrong, and without a
    credence, past its date or under attack it adds nothing.

    `among` are leaves (evidence, assumptions, steps for their warrants) or, for `independent` and
    `partition`, claims that stand for all they rest on. `beta` is the share of the smallest doubt
    that is common (`common cause`), `at_most` the chance that two fail together (`pairwise cap`),
    `weights` the probability of each case (`partition`).
    """

    id: str
    says: str
    kind: DependenceKind
    among: tuple[TargetRef, ...]
    because: str
    owner: str | None = None
    beta: float | None = None
    at_most: float | None = None
    weights: tuple[float, ...] = ()
    credence: Credence | None = None
    expires: date | None = None


Element = (
    Claim
    | Argument
    | Evidence
    | Assumption
    | Defeater
    | Problem
    | Context
    | Justification
    | Monitor
    | Hazard
    | Dependence
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One safety case: header, root claim and every element by id, in file order.

    Elements of a module have ids `module/ID`, those of a template's instance `INSTANCE/ID`.
    `span` says where `(element id, field, ...)` stands in the text (`()` is the file itself,
    header fields start with `""`); a case built in Python has no places.
    """

    header: Header
    root: str
    elements: Mapping[str, Element]
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    source: str = "case.yaml"
    modules: Mapping[str, Module] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)
    places: Places | None = field(default=None, compare=False, repr=False)

    def span(self, *path: str) -> Span:
        """The place of `path`, or of its nearest parent that has one."""
        found = self.places.find(path) if self.places else None
        return found or Span(file=self.source, line=1, column=1)
