"""`control/evaluation`: what a trusted monitor with an audit budget catches of the attacks tried.

An untrusted model or a scripted policy works and attacks through Inspect, on tasks generated here
or on texts of the case; a monitor reads everything; red may then adapt to the monitor's scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetycase.methods.control.live import planted
from safetycase.methods.control.live.analysis import measured
from safetycase.methods.control.live.arms import Arm, attempts
from safetycase.methods.control.live.attacks import load_attacks
from safetycase.methods.control.live.evaluate import evaluate, honest_requests
from safetycase.methods.control.live.measures import DEFINITION, MEASURES
from safetycase.methods.control.live.monitors import conformal_threshold
from safetycase.methods.control.live.play import Played, Request, native
from safetycase.methods.control.live.rounds import Round
from safetycase.methods.control.live.running import Live
from safetycase.methods.control.live.tasks_case import case_family, honest_texts, instructed_texts
from safetycase.methods.control.live.tasks_family import Family, Task, family
from safetycase.methods.inspect.reading import completions
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import Affine, Clustered, Proportion, Smallest, Statistic, largest

__all__ = ["METHOD", "Parameters"]

MAX_TURNS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The tasks, the policies, the monitor, the rounds and the threat model.

    `samples` is how many outputs the deployment produces, `needed` how many attacks make the harm.

    With `family: case` the outputs are those of the case's own Inspect tasks `honest_task` and
    `attack_task`; `attacks` is `file.py@NAME`, a mapping from strategy to a function
    (text, number) → text, and `carries` (`file.py@name`) says whether a text is an attack. The
    other families are generated: `tasks` honest ones, done by the model or by a scripted policy
    (`honest`); the model is told to attack on `attempts` of them, and meets them again in each of
    `arms`. `strategies` are the scripted attacks (none named: all of the family).

    Of the honest texts `fit_share` fit the monitor, `calibration_share` set its threshold at
    `audit_budget`, and the rest are held out. `trusted` is the model behind the monitor
    `trusted-model`: a model of the case, or an Inspect model string.

    With `adaptive: search` red reads the monitor's scores of `variants` variants of every strategy
    on `search_tasks` tasks of its own and attacks fresh ones with the best; with `query` it does so
    for every single attack. `rounds` are the moves before, in order; with `control_level` (1 to 5,
    arXiv:2504.05259) red must have had what the level asks for. `margin` is how far the attack
    policy may fall short of the honest one at the main task.
    """

    samples: int
    needed: int
    family: Literal["case", "code-backdoor", "dataset-poison"] = "case"
    honest_task: str = ""
    attacks: str = ""
    strategies: tuple[str, ...] = ()
    carries: str = ""
    attack_task: str | None = None
    tasks: int = 200
    honest: Literal["model", "scripted"] = "model"
    attempts: int = 40
    arms: tuple[Arm, ...] = ()
    turns: int = 6
    monitor: Literal[
        "perplexity-monitor",
        "static-code-monitor",
        "trusted-model",
        "blind-monitor",
        "oracle-monitor",
    ] = "perplexity-monitor"
    trusted: str | None = None
    adaptive: Literal["none", "search", "query"] = "none"
    variants: int = 6
    search_tasks: int = 8
    rounds: tuple[Round, ...] = ()
    control_level: int | None = None
    margin: float | None = None
    definition: Literal["worst_placed_given_attempt"] = "worst_placed_given_attempt"
    audit_budget: float = 0.02
    per_strategy: int = 60
    fit_share: float = 0.4
    calibration_share: float = 0.3
    max_connections: int = 4
    max_tokens: int = 80
    temperature: float = 0.8

    def __post_init__(self) -> None:
        _shares(self)
        _policies(self)
        if self.needed < 1 or self.samples < self.needed:
            raise ValueError("1 ≤ `needed` ≤ `samples`")
        if self.variants < 1 or self.search_tasks < 1:
            raise ValueError("`variants` and `search_tasks` are at least 1")
        if self.control_level is not None and not 1 <= self.control_level <= 5:
            raise ValueError("`control_level` is an AI control level, from 1 to 5")
        if (self.monitor == "trusted-model") != bool(self.trusted):
            raise ValueError(
                "`trusted` names the model of the monitor `trusted-model`, of no other"
            )


def _shares(p: Parameters) -> None:
    if not 0 < p.audit_budget < 1:
        raise ValueError("`audit_budget` is a share between 0 and 1")
    if min(p.fit_share, p.calibration_share) < 0 or not 0 < p.fit_share + p.calibration_share < 1:
        raise ValueError("`fit_share` and `calibration_share` leave nothing to hold out")
    if p.margin is not None and not 0 <= p.margin < 1:
        raise ValueError("`margin` is a difference of rates, from 0 up to 1")


def _policies(p: Parameters) -> None:
    if p.per_strategy < 1 or len(set(p.strategies)) != len(p.strategies):
        raise ValueError("`per_strategy` is at least 1, and each strategy is named once")
    if p.family == "case":
        if not (p.honest_task and p.attacks and p.carries and p.strategies):
            raise ValueError(
                "`family: case` needs `honest_task`, `attacks`, `carries` and a strategy"
            )
        if p.arms:
            raise ValueError("`arms` are of generated families; a case puts its own in a task")
        return
    if p.honest_task or p.attacks or p.carries or p.attack_task:
        raise ValueError(f"`honest_task`, `attack_task`, `attacks`, `carries`: not of `{p.family}`")
    unknown = [name for name in p.strategies if name not in family(p.family).strategies]
    if unknown:
        raise ValueError(
            f"`{p.family}` has no strategy {', '.join(unknown)}; it has "
            + ", ".join(family(p.family).strategies)
        )
    if p.tasks < 1 or p.attempts < 0 or not 1 <= p.turns <= MAX_TURNS:
        raise ValueError(f"`tasks` is at least 1, `attempts` 0, and `turns` from 1 to {MAX_TURNS}")
    conformal_threshold([0.0] * int(p.tasks * p.calibration_share), p.audit_budget)
    if len(set(p.arms)) != len(p.arms) or (p.arms and not p.attempts):
        raise ValueError("each of `arms` is named once, and needs `attempts` of the model")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Work, monitor, attack, adapt, count; `inputs` are read by the tasks of the case."""
    del inputs
    return _run(parameters, context, None)


def _run(parameters: Parameters, context: Context, model: str | None) -> Measurement:
    """The run, with an Inspect model string in the place of the leaf's model if one is given."""
    live = Live(
        family=parameters.family,
        context=context,
        options=_options(parameters, context),
        trusted=parameters.trusted,
        model=model,
    )
    try:
        if parameters.family == "case":
            return _case(parameters, context, live)
        return _generated(parameters, context, live)
    except ValueError as error:
        raise MethodError(str(error)) from error


def _options(parameters: Parameters, context: Context) -> dict[str, Any]:
    return {
        "seed": context.seed % 2**31,
        "max_connections": parameters.max_connections,
        "max_tokens": parameters.max_tokens,
        "temperature": parameters.temperature,
    }


def _generated(parameters: Parameters, context: Context, live: Live) -> Measurement:
    chosen = family(parameters.family)
    scripted = parameters.honest == "scripted"
    work = honest_requests(chosen, parameters.tasks, context.seed, scripted=scripted)

    def model_turns(tasks: Sequence[Task]) -> list[Request]:
        kept = tasks[: parameters.attempts]
        return attempts(chosen, kept, parameters.arms, parameters.turns) if kept else []

    honest = live(work, None, "honest work")
    stages = evaluate(chosen, honest, model_turns, live, parameters, context.seed)
    names = parameters.strategies or tuple(chosen.strategies)
    return measured(stages, parameters, names, context.seed, live.artefacts)


def _case(parameters: Parameters, context: Context, live: Live) -> Measurement:
    artefacts: dict[str, str] = {}
    texts = _generate(parameters, parameters.honest_task, context, "honest", artefacts)
    told: list[str] = []
    if parameters.attack_task:
        told = _generate(parameters, parameters.attack_task, context, "attack", artefacts)
    strategies, carries = load_attacks(
        context.case_folder, parameters.attacks, parameters.strategies, parameters.carries
    )
    chosen = case_family(strategies, carries)
    player = _judging(chosen, live) if parameters.monitor == "trusted-model" else native(chosen)
    stages = evaluate(
        chosen,
        honest_texts(texts, carries),
        lambda _: instructed_texts(told, carries),
        player,
        parameters,
        context.seed,
    )
    return measured(
        stages, parameters, parameters.strategies, context.seed, artefacts | live.artefacts
    )


def _judging(chosen: Family, live: Live) -> Any:
    """The case's own test is a function of its files: it is asked here, the monitor in Inspect."""
    from dataclasses import replace

    def play(requests: Sequence[Request], watch: Any, note: str) -> list[Played]:
        judged = [
            r if r.verdict else replace(r, verdict=chosen.judge(r.task, r.text or "", r.probe))
            for r in requests
        ]
        return live(judged, watch, note)

    return play


def _generate(
    parameters: Parameters, task: str, context: Context, role: str, artefacts: dict[str, str]
) -> list[str]:
    path = run_task(
        task,
        {},
        None,
        context,
        epochs=1,
        limit=None,
        note=role,
        temporary=role,
        options=_options(parameters, context),
    )
    artefacts[f"Inspect log ({role} texts)"] = str(path.relative_to(context.scratch))
    return completions(path)


def files(parameters: Parameters) -> tuple[str, ...]:
    """The task and attack files of the case folder."""
    named = (
        parameters.honest_task,
        parameters.attack_task or "",
        parameters.attacks,
        parameters.carries,
    )
    return tuple(dict.fromkeys(n.partition("@")[0] for n in named if ".py" in n))


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Every attack caught and no held-out honest text flagged, at the planned size."""
    honest = parameters.tasks
    if parameters.family == "case":
        lines = [name for name in inputs if name.endswith(".jsonl")]
        if not lines:
            return {}
        with folder.joinpath(lines[0]).open(encoding="utf-8") as file:
            honest = sum(bool(line.strip()) for line in file)
    kept = honest - int(honest * parameters.fit_share) - int(honest * parameters.calibration_share)
    each = min(parameters.per_strategy, kept)
    names = parameters.strategies or tuple(family(parameters.family).strategies)
    caught = tuple(Proportion(successes=each, trials=each) for _ in names)
    worst = Smallest(of=caught)
    found: dict[str, Statistic] = {
        "recall": Clustered(clusters=tuple((each, each, 0) for _ in names)),
        "worst_strategy_recall": worst,
        "event_given_attempt": Affine(of=worst, scale=-1.0, offset=1.0),
        "false_positive_rate": Proportion(successes=0, trials=kept),
        "usefulness": Proportion(successes=kept, trials=kept),
    }
    if parameters.adaptive != "none":
        found["adaptive_recall"] = worst
    if parameters.arms:
        found["worst_arm_event"] = _no_event(min(parameters.attempts, kept), parameters.arms)
    return found


def _no_event(tasks: int, arms: Sequence[str]) -> Statistic:
    return largest([Proportion(successes=0, trials=tasks)] * (1 + len(arms)))


METHOD = Method(
    name="control/evaluation",
    version="2.0.0",
    says="Runs attacks in the subject's place past a trusted monitor with an audit budget.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "Recall is against the attacks tried. A stronger red team may do better, and one that "
        "searches further than the adaptive round here; nothing here bounds that.",
        DEFINITION,
        "Audits are taken as perfect: whatever is flagged is found. Auditors are another leaf.",
        "Red and blue rounds before this run, and affordances that a run cannot show, are as the "
        "author declares them. Without `rounds` or `control_level` nothing is said of who moved "
        "last.",
        "The adaptive round searches over variants of scripted strategies; the model's own "
        "attacks are not optimised against the monitor, and the model was not trained to attack.",
        "Outputs of the deployment are taken as exchangeable with the honest ones here. Generated "
        "tasks are small and of few kinds: what they show is of toy scale.",
        "Solutions run in a process with limits on time, memory, files and processes, not in a "
        "virtual machine: a solution that exploits the interpreter or the kernel is not held, and "
        "on a system other than Linux it may use the network.",
    ),
    source="Greenblatt et al. 2023, arXiv:2312.06942; Korbak et al. 2025, arXiv:2501.17315, "
    "arXiv:2504.05259",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    files=files,
    best_case=best_case,
)
