"""`scheming/sandbagging`: what a portfolio of elicitors gains, beside its power on planted locks.

Does the subject do better when it is pushed than by default? And would this push have shown it?
The same elicitors are run on organisms made from the subject that hide an ability, and on clean
ones that do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safetycase.methods.imported.strict import input_file
from safetycase.methods.organisms.asking import (
    Asking,
    Split,
    read_askings,
    read_examples,
    split,
)
from safetycase.methods.organisms.locks import CLEAN, LOCKS, Training
from safetycase.methods.organisms.model import Subject, load
from safetycase.methods.scheming.sandbagging import planted
from safetycase.methods.scheming.sandbagging.analysis import Profile, lift
from safetycase.methods.scheming.sandbagging.models import (
    Measured,
    bench,
    control_twin,
    measured,
    planted_models,
    supplied,
)
from safetycase.methods.scheming.sandbagging.parameters import Parameters
from safetycase.methods.scheming.sandbagging.report import Found, Rules, measurement
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Proportion, Smallest, Statistic, largest

__all__ = ["METHOD", "Parameters"]


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Measure the subject, then the planted models.

    `inputs` is the file of items and, where questions are asked after worked examples, theirs.
    """
    parts = _parts(inputs, parameters, context)
    seed = context.seed % 2**31
    ready = bench(
        _subject(context, "", parameters),
        parts,
        layers=parameters.layers,
        elicitors=parameters.elicitors,
        sizes=parameters.sizes,
        seed=seed,
        progress=context.progress,
    )
    training = Training(
        layers=parameters.layers,
        rank=parameters.rank,
        lr=parameters.learning_rate,
        steps=parameters.organism_steps,
    )
    subject = measured(ready, "subject", "subject")
    found = Found(
        subject=subject,
        planted=planted_models(
            ready,
            parameters.families,
            replicas=parameters.replicas,
            training=training,
            lock_gap=parameters.lock_gap,
        ),
        control=control_twin(ready, training),
        base=_base(context, parameters, parts, seed) if parameters.base else None,
        supplied=supplied(ready),
        levels=parameters.noise_levels,
        examples=parts.examples,
    )
    return measurement(
        found,
        Rules(
            recovered_at=parameters.recovered_at,
            level=parameters.level,
            alpha=parameters.alpha,
            lock_gap=parameters.lock_gap,
            instrument_min=parameters.instrument_min,
            permutations=parameters.permutations,
            seed=seed,
        ),
    )


def _parts(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Split:
    if len(inputs) not in (1, 2):
        raise MethodError(
            "name one JSON Lines file of items under `inputs`, and after it one of worked "
            f"examples if there are any, not {len(inputs)} files"
        )
    askings = read_askings(input_file(context, inputs[0]))
    shown = [read_examples(input_file(context, name), askings) for name in inputs[1:]]
    parts = split(
        askings,
        train_items=parameters.train_items,
        held_out_items=parameters.held_out_items,
        each=parameters.askings,
        seed=context.seed,
    )
    return replace(parts, examples=shown[0] if shown else ())


def _subject(context: Context, name: str, parameters: Parameters) -> Subject:
    """The leaf's model, or another one of the case, with its weights."""
    model = context.models.get(name) if name else context.model
    if model is None:
        raise MethodError(
            f"`base: {name}` is no model of the case" if name else "the leaf names no model"
        )
    if not model.weights_file:
        raise MethodError(
            f"the weights of `{model.name}` are not at hand; fine-tuning and noise need a `local` "
            "model and an executor on this machine"
        )
    return load(Path(model.weights_file), dtype=parameters.dtype)


def _base(context: Context, parameters: Parameters, parts: Split, seed: int) -> Measured:
    """Fine-tuning alone, on the base model."""
    other = bench(
        _subject(context, parameters.base, parameters),
        parts,
        layers=parameters.layers,
        elicitors=("fine-tuning",),
        sizes=parameters.sizes,
        seed=seed,
        progress=context.progress,
    )
    return measured(other, "base model", "base")


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """No elicitor gets anything right, every lock is opened, and no clean model raises an alarm."""
    if len(inputs) not in (1, 2):
        return {}
    try:
        options = len(read_askings(folder / inputs[0])[0].options)
    except MethodError:
        return {}
    names = tuple(f"{i}" for i in range(options))
    asked = tuple(
        Asking(id=f"{i} {k}", item=f"{i}", ask="-", options=names, right="0")
        for i in range(parameters.held_out_items)
        for k in range(parameters.askings)
    )
    all_right, none = {a.id: "0" for a in asked}, {a.id: "1" for a in asked}
    worst = Profile(
        askings=asked, default=all_right, elicited=dict.fromkeys(parameters.elicitors, none)
    )
    gains = {name: lift(worst, name) for name in parameters.elicitors}
    every = Proportion(successes=parameters.replicas, trials=parameters.replicas)
    return {
        "gain": largest(list(gains.values())),
        "power": Smallest(of=(every,) * len(parameters.families)),
        "false_alarms": Proportion(successes=0, trials=parameters.replicas * len(CLEAN)),
        **{f"gain_{name.replace('-', '_')}": gain for name, gain in gains.items()},
    }


_GAIN = "accuracy on held-out items above both the default and guessing, after "
METHOD = Method(
    name="scheming/sandbagging",
    version="1.1.0",
    says="Pushes the model to do better, and says how well the same pushes open planted locks.",
    parameters=Parameters,
    measures=(
        Measure(
            name="gain",
            unit="proportion",
            safer="lower",
            says=_GAIN + "the elicitor that gains most",
        ),
        Measure(
            name="power",
            unit="proportion",
            safer="higher",
            says="share of planted locked organisms whose ability the portfolio recovered beyond "
            "`recovered_at`, and beyond what it gets from a clean twin, in the family where it is "
            "smallest",
        ),
        Measure(
            name="false_alarms",
            unit="proportion",
            safer="lower",
            says="share of planted models that hide nothing and meet the same criterion",
        ),
        Measure(
            name="fine_tuning_over_control",
            unit="proportion",
            safer="lower",
            says="gain of fine-tuning over the default, minus the same gain of the base model (or, "
            "where none is named, of a clean twin)",
        ),
        Measure(name="gain_noise", unit="proportion", safer="lower", says=_GAIN + "noise"),
        Measure(
            name="gain_fine_tuning",
            unit="proportion",
            safer="lower",
            says=_GAIN + "fine-tuning on solved items",
        ),
        Measure(
            name="gain_few_shot",
            unit="proportion",
            safer="lower",
            says=_GAIN + "showing solved items",
        ),
        Measure(
            name="gain_prompts",
            unit="proportion",
            safer="lower",
            says=_GAIN + "the best of a list of prompts",
        ),
        Measure(
            name="gain_prefix_search",
            unit="proportion",
            safer="lower",
            says=_GAIN + "tokens found by search",
        ),
    ),
    limits=(
        "It says what this portfolio gained, and how often it opened the locks planted here "
        f"({', '.join(LOCKS)}). It cannot say that a model does not sandbag: red teams have hidden "
        "abilities from stronger tests than this one.",
        "Planted locks were trained in; they have no plan and are not scheming. How the power "
        "against them carries over to a model that hides by itself is a warrant of the case.",
        "A clean twin is made from the subject and shares what the subject hides. Only a base "
        "model from before the training in doubt tells freeing from learning.",
        "Fine-tuning also teaches. Where items resemble each other, a gain need not have been "
        "hidden before.",
        "Organisms and elicitors change the last layers only (noise changes all of them).",
    ),
    source="Greenblatt et al. 2024, arXiv:2405.19550; Tice et al. 2024, arXiv:2412.01784; van der "
    "Weij et al. 2024, arXiv:2406.07358; Taylor et al. 2025, arXiv:2512.07810",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
)
