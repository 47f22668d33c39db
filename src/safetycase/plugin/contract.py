"""The contract of a method: what it declares, what it is given, and what it returns.

A method is one frozen `Method` under the entry-point group `safetycase.methods`. The module
that holds it imports nothing heavy; `run` does. Everything a method returns is JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from safetycase.stats import Statistic

__all__ = [
    "Bar",
    "Context",
    "Controls",
    "Curve",
    "Frontier",
    "Histogram",
    "InstrumentCheck",
    "Intervals",
    "Measure",
    "Measurement",
    "Method",
    "MethodError",
    "ModelAccess",
    "OracleResult",
    "Planted",
    "Plot",
    "Points",
    "Raised",
    "Transcript",
]

GROUP = "safetycase.methods"


class MethodError(Exception):
    """A method cannot run as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccess:
    """How to reach one model of the case: an OpenAI-compatible endpoint on loopback.

    `base_url` ends in `/v1`. `inspect_model` is the same model as an Inspect model string; with
    the provider `inspect`, `weights` is that string and there is no endpoint of ours.
    `weights_file` is the GGUF file on this machine, for methods that look inside the model; empty
    for a model behind an API of its own.
    """

    name: str
    weights: str
    provider: str
    base_url: str
    api_key: str = "unused"
    weights_file: str = ""

    @property
    def inspect_model(self) -> str:
        """The model as Inspect names it."""
        if self.provider == "inspect":
            return self.weights
        return f"openai-api/safetycase/{self.name}"


class Progress(Protocol):
    """Called with work done so far, the total (0 if unknown) and a few words."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a run is given, and nothing else.

    `case_folder` is where relative paths of parameters and inputs start (read only), `scratch`
    an empty folder whose files become artefacts when named in `Measurement.artefacts`. `subject`
    is what the recipe says of the leaf's model, `weights_sha256` among it (empty where no weights
    are on this machine).
    """

    case_folder: Path
    scratch: Path
    seed: int
    model: ModelAccess | None
    models: Mapping[str, ModelAccess]
    progress: Progress
    subject: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One named quantity a method returns. `safer` says which direction is safer."""

    name: str
    unit: str
    safer: Literal["lower", "higher", "neither"]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentCheck:
    """Whether the instrument worked at all (same format, answer supplied; known-able agent).

    A failed check makes the leaf `insufficient(effort)`: neither support nor refutation.
    """

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A doubt the measurement raises against itself, e.g. a result below chance."""

    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One sample as it happened. Model text is data: whoever shows it escapes it."""

    id: str
    prompt: str
    output: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One labelled interval of a picture, with the point estimate between its ends."""

    label: str
    low: float
    point: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Labelled intervals on one axis, with an optional threshold line."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    threshold: float | None = None
    kind: Literal["intervals"] = "intervals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts per bin for one or more named series; `edges` has one entry more than counts."""

    title: str
    unit: str
    edges: tuple[float, ...]
    series: Mapping[str, tuple[int, ...]]
    threshold: float | None = None
    kind: Literal["histogram"] = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line with a band: y between low and high at each x.

    `band` says what the band is, and `line` what the line is; `lines` are further lines over the
    same x, by name; `marks` are upright lines at an x, by name. With `log_x` every x is positive
    and the axis is logarithmic.
    """

    title: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    line: str = ""
    band: str = ""
    lines: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    log_x: bool = False
    kind: Literal["curve"] = "curve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points in the plane, one per label."""

    title: str
    x_label: str
    y_label: str
    points: Mapping[str, tuple[float, float]]
    kind: Literal["points"] = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """What can be had of two goods at once: higher is better on both axes.

    `series` maps the name of a family (a protocol, say) to its named points (x, y), joined in the
    order of x where there are several. Points that no other one dominates are marked as such by
    whoever draws it. `worst` gives, for some of the points by `family: name`, the y that is left
    against a stronger attacker; it is drawn as a line down from the point.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Mapping[str, tuple[float, float]]]
    worst: Mapping[str, float] = field(default_factory=dict)
    worst_says: str = ""
    kind: Literal["frontier"] = "frontier"


Plot = Intervals | Histogram | Curve | Points | Frontier


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run found: sufficient statistics by name, never intervals or verdicts.

    `artefacts` maps a role to a file below `Context.scratch`; `counts` says how many items
    were planned, scored, unscored and failed; `effort` how hard was tried. A diagnostic
    `without NAME` says why a quantity that is declared is not there.
    """

    quantities: Mapping[str, Statistic]
    counts: Mapping[str, int] = field(default_factory=dict)
    effort: Mapping[str, str] = field(default_factory=dict)
    instrument: tuple[InstrumentCheck, ...] = ()
    raises: tuple[Raised, ...] = ()
    plots: tuple[Plot, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    diagnostics: Mapping[str, str] = field(default_factory=dict)
    artefacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleResult:
    """One closed-form or simulated answer the method must reproduce."""

    name: str
    expected: float
    got: float
    tolerance: float
    source: str

    @property
    def passed(self) -> bool:
        """Whether the method got it, within the tolerance."""
        return abs(self.got - self.expected) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A subject with a known truth, and how often the method let the claim pass on it."""

    name: str
    claim_is_true: bool
    passes: int
    runs: int
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Planted positives and negatives, run through the real method with a stated criterion."""

    criterion: str
    planted: tuple[Planted, ...]

    def counts(self, *, claim_is_true: bool) -> tuple[int, int]:
        """(passes, runs) pooled over the planted subjects with that truth."""
        chosen = [p for p in self.planted if p.claim_is_true == claim_is_true]
        return sum(p.passes for p in chosen), sum(p.runs for p in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A plugin that produces evidence.

    `parameters` is a frozen dataclass; its hints give validation, docs and schema.
    `files(parameters)` names the files of the case folder (relative) that are part of the
    instrument, besides the declared inputs. `best_case(parameters, folder, inputs)` gives, for
    the planned n, the statistic of the safest result a run could return for each quantity, so
    that a plan that cannot decide its bound is a finding before the run; it reads files and
    runs nothing. `run` may be a coroutine function; the executor `asyncio` then runs many at once.
    `imports` says that `run` reads the result of a run made elsewhere, before it could be
    registered: its order is not shown, and its subject is as reported at best. A method that can
    do both says with `made_elsewhere(parameters, inputs)` which of them this leaf does; one that
    needs the model then needs it if and only if it runs it. A method that runs the leaf's model in
    some leaves, and what the case brings in others, says with `runs_model(parameters)` which.
    `plugins(parameters)` names the entry points, as `group:name`, whose code `run` will call: it
    is part of the instrument as the method's own is.
    `establishes` names families of argument (`Claim.argues`) that no method is taken to show
    unless it says so: today `alignment by training` alone. Nothing that is shipped does.
    """

    name: str
    version: str
    says: str
    parameters: type[Any]
    measures: tuple[Measure, ...]
    limits: tuple[str, ...]
    source: str
    run: Callable[[tuple[str, ...], Any, Context], Measurement | Awaitable[Measurement]]
    self_check: Callable[[], Sequence[OracleResult]]
    controls: Callable[[], Controls]
    files: Callable[[Any], tuple[str, ...]] = lambda _parameters: ()
    best_case: Callable[[Any, Path, tuple[str, ...]], Mapping[str, Statistic]] | None = None
    needs_model: bool = True
    imports: bool = False
    plugins: Callable[[Any], tuple[str, ...]] = lambda _parameters: ()
    establishes: tuple[str, ...] = ()
    made_elsewhere: Callable[[Any, tuple[str, ...]], bool] | None = None
    runs_model: Callable[[Any], bool] | None = None

    def used_with(self, parameters: Any, inputs: tuple[str, ...]) -> Method:
        """The method as a leaf with these parameters and inputs uses it."""
        needs = self.needs_model if self.runs_model is None else self.runs_model(parameters)
        if self.made_elsewhere is None:
            return self if needs == self.needs_model else replace(self, needs_model=needs)
        read = self.made_elsewhere(parameters, inputs)
        return replace(self, imports=read, needs_model=needs and not read)
