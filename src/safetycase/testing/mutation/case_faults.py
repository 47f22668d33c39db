"""Faults in the header, the monitors and the parameters of templates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.model import Assumption, Monitor
from safetycase.testing.mutation.draft import Site
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.leaf_faults import relaxed
from safetycase.testing.mutation.records import Mutation, Plant

__all__ = ["HEADER", "MONITORS"]


def _measured(ground: Ground) -> frozenset[str]:
    """The leaves that have a result that counts."""
    return frozenset(n for n, _ in ground.leaves() if ground.supported(n))


def _header(ground: Ground, *path: str) -> Iterator[Site]:
    site = ground.draft.at("", *path)
    if site is not None and site.word:
        yield site


def _lower_target(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "target"):
        for factor in (0.99, 0.5):
            text = f"{float(site.word) * factor:.6g}"
            yield Plant(
                about="target",
                says=f"the decision asks for {text}, not {site.word}",
                texts=ground.draft.put((site, text)),
            )


def _raise_target(ground: Ground) -> Iterator[Plant]:
    if ground.base.assessment.verdict == "holds":
        for site in _header(ground, "target"):
            yield Plant(
                about="target",
                says="the decision asks for 0.99999",
                whole=True,
                texts=ground.draft.put((site, "0.99999")),
            )


def _other_model(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "models", ground.case.header.system.model, "weights"):
        yield Plant(
            about="models",
            says="the system is another model",
            broken=_measured(ground),
            texts=ground.draft.put((site, "another-model")),
        )


def _other_system(ground: Ground) -> Iterator[Plant]:
    for key, text in (("scaffold", "another scaffold"), ("tools", "[a tool that nobody tried]")):
        site = ground.draft.at("", "system", key)
        if site is not None:
            yield Plant(
                about=f"system.{key}",
                says=f"the system has another {key}",
                broken=_measured(ground),
                texts=ground.draft.put((site, text)),
            )


def _other_distribution(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "deployment", "distribution"):
        yield Plant(
            about="deployment.distribution",
            says="it is deployed on other requests",
            broken=_measured(ground),
            texts=ground.draft.put((site, "whatever anybody asks")),
        )


def _more(ground: Ground) -> Iterator[Plant]:
    for key in ("volume", "horizon", "users"):
        for site in _header(ground, "deployment", key):
            found = re.match(r"\d+", site.word)
            texts = [f"{int(found[0]) * 10}{site.word[found.end() :]}"] if found else []
            texts += [site.word.replace(a, b) for a, b in _UNITS if a in site.word]
            for text in texts:
                yield Plant(
                    about=f"deployment.{key}",
                    says=f"the {key} is {text}, not {site.word}",
                    texts=ground.draft.put((site, text)),
                )


_UNITS = (("per month", "per minute"), ("per day", "per second"), ("months", "years"))
"""In which an amount sounds alike and is more."""


def _other_harm(ground: Ground) -> Iterator[Plant]:
    for key in ("what", "mistake"):
        for site in _header(ground, "harm", key):
            yield Plant(
                about=f"harm.{key}",
                says="the harm is another",
                texts=ground.draft.put((site, "something bad happens")),
            )


def _authors(ground: Ground) -> Iterator[Plant]:
    site = ground.draft.at("", "authors")
    if site is not None and ground.case.header.authors:
        yield Plant(
            about="authors",
            says="nobody is named as an author",
            texts=ground.draft.drop(site),
        )


def _riper(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "maturity"):
        if site.word != "full":
            yield Plant(
                about="maturity",
                says=f"the case calls itself full, and was a {site.word}",
                texts=ground.draft.put((site, "full")),
            )


def _later_decision(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "decision", "expires"):
        yield Plant(
            about="decision.expires",
            says="the decision stands until 2999",
            texts=ground.draft.put((site, "2999-01-01")),
        )


def _past_decision(ground: Ground) -> Iterator[Plant]:
    for site in _header(ground, "decision", "expires"):
        yield Plant(
            about="decision.expires",
            says="the decision ended in 2020",
            whole=True,
            texts=ground.draft.put((site, "2020-01-01")),
        )


def _template(ground: Ground) -> Iterator[Plant]:
    for name in ground.case.uses:
        for entry in ground.draft.entries(ground.draft.at(name, "with")):
            found = re.fullmatch(r"\d+(\.\d+)?", entry.word)
            if not found:
                continue
            value = float(entry.word)
            text = str(int(value) + 1) if found[1] is None else f"{min(value * 1.1, 0.999):.6g}"
            yield Plant(
                about=name,
                says=f"{ground.draft.key(entry)} of {name} is {text}, not {entry.word}",
                texts=ground.draft.put((entry, text)),
            )


def _monitors(ground: Ground) -> Iterator[tuple[str, Monitor, frozenset[str]]]:
    """Every written monitor, and what it keeps unknown while it does not report."""
    for name, element in ground.case.elements.items():
        if isinstance(element, Monitor) and name in ground.source.places:
            watched = ground.base.assessment.monitors[name].targets
            yield name, element, frozenset(t for t in watched if ground.supported(t))


def _drop_monitor(ground: Ground) -> Iterator[Plant]:
    for name, _, _ in _monitors(ground):
        named = [
            a for a, e in ground.case.elements.items()
            if isinstance(e, Assumption) and e.monitor == name
        ]  # fmt: skip
        texts = ground.draft.without(name)
        if texts and not named:
            yield Plant(about=name, says=f"{name} is taken out", texts=texts)


def _loosen_monitor(ground: Ground) -> Iterator[Plant]:
    for name, _, targets in _monitors(ground):
        site = ground.draft.at(name, "alarm_when")
        for text, says in relaxed(site.word, 0.5) if site is not None else ():
            yield Plant(
                about=name,
                says=f"{name} alarms later: {says}",
                broken=targets,
                texts=ground.draft.put((site, text)) if site is not None else {},
            )


def _patient_monitor(ground: Ground) -> Iterator[Plant]:
    for name, _, targets in _monitors(ground):
        for key in ("silent_after", "budget", "loss", "window"):
            site = ground.draft.at(name, key)
            found = re.match(r"\d+(\.\d+)?", site.word) if site is not None else None
            if site is None or found is None or float(found[0]) == 0:
                continue
            more = str(int(found[0]) * 10) if found[1] is None else f"{float(found[0]) * 10:.6g}"
            yield Plant(
                about=name,
                says=f"{key} of {name} is tenfold",
                broken=targets,
                texts=ground.draft.put((site, more + site.word[found.end() :])),
            )
        texts = ground.draft.change(name, add={"warns_only": "true"})
        if texts:
            yield Plant(about=name, says=f"{name} only warns", broken=targets, texts=texts)


def _look_away(ground: Ground) -> Iterator[Plant]:
    for name, _, _ in _monitors(ground):
        entries = list(ground.draft.entries(ground.draft.at(name, "conditions")))
        for entry in entries:
            texts = (
                ground.draft.drop(entry)
                if len(entries) > 1
                else ground.draft.change(name, drop=("conditions",))
            )
            if texts:
                yield Plant(
                    about=name, says=f"{name} no longer conditions {entry.word}", texts=texts
                )


def _slow_answer(ground: Ground) -> Iterator[Plant]:
    for name, _, _ in _monitors(ground):
        site = ground.draft.at(name, "answer_within")
        found = re.fullmatch(r"(\d+) (.+)", site.word) if site is not None else None
        if site is not None and found is not None:
            yield Plant(
                about=name,
                says=f"an alarm of {name} may wait ten times as long",
                texts=ground.draft.put((site, f"{int(found[1]) * 10} {found[2]}")),
            )


HEADER: tuple[Mutation, ...] = (
    Mutation(
        name="lower-target",
        group="header",
        kind="loosens",
        plants="The decision asks for less confidence.",
        must="A comparison calls it a loosening.",
        sites=_lower_target,
    ),
    Mutation(
        name="raise-target",
        group="header",
        kind="breaks",
        plants="The decision asks for more confidence than the case reaches.",
        must="The verdict is no longer `holds`.",
        sites=_raise_target,
    ),
    Mutation(
        name="swap-model",
        group="header",
        kind="breaks",
        plants="The model of the system is another.",
        must="No result counts.",
        sites=_other_model,
    ),
    Mutation(
        name="swap-system",
        group="header",
        kind="breaks",
        plants="The scaffold or the tools are others.",
        must="No result counts.",
        sites=_other_system,
    ),
    Mutation(
        name="other-distribution",
        group="header",
        kind="breaks",
        plants="The system is deployed on other requests than were measured.",
        must="No result counts.",
        sites=_other_distribution,
    ),
    Mutation(
        name="more-deployment",
        group="header",
        kind="loosens",
        plants="Volume, horizon or users are tenfold, or the same number in another unit.",
        must="A comparison calls it a loosening, or what was computed from it is stale.",
        sites=_more,
    ),
    Mutation(
        name="reword-harm",
        group="header",
        kind="changes",
        plants="The harm, or the mistake that adds up to it, is another.",
        must="A comparison names it.",
        sites=_other_harm,
    ),
    Mutation(
        name="call-it-full",
        group="header",
        kind="loosens",
        plants="A sketch calls itself a full case, which the release gate would let through.",
        must="A comparison calls it a loosening.",
        sites=_riper,
    ),
    Mutation(
        name="no-authors",
        group="header",
        kind="loosens",
        plants="Authors are not named any more, so that they could sign.",
        must="A comparison calls it a loosening.",
        sites=_authors,
    ),
    Mutation(
        name="longer-decision",
        group="header",
        kind="loosens",
        plants="The decision stands for longer.",
        must="A comparison calls it a loosening.",
        sites=_later_decision,
    ),
    Mutation(
        name="expired-decision",
        group="header",
        kind="breaks",
        plants="The date of the decision has passed.",
        must="The verdict is no longer `holds`.",
        sites=_past_decision,
    ),
    Mutation(
        name="template-parameter",
        group="header",
        kind="changes",
        plants="A number that a template is bound to is another.",
        must="A comparison names it, or what was registered under it is stale.",
        sites=_template,
    ),
)
MONITORS: tuple[Mutation, ...] = (
    Mutation(
        name="drop-monitor",
        group="monitors",
        kind="loosens",
        plants="A monitor is taken out of the case.",
        must="A comparison calls it a loosening.",
        sites=_drop_monitor,
    ),
    Mutation(
        name="loosen-alarm",
        group="monitors",
        kind="breaks",
        plants="The bound at which a monitor alarms is easier.",
        must="What it reported under the other definition does not count.",
        sites=_loosen_monitor,
    ),
    Mutation(
        name="patient-monitor",
        group="monitors",
        kind="breaks",
        plants="A monitor may be silent for longer, err more often, lose more, or only warns.",
        must="What it reported under the other definition does not count.",
        sites=_patient_monitor,
    ),
    Mutation(
        name="look-away",
        group="monitors",
        kind="loosens",
        plants="A monitor no longer conditions an element.",
        must="A comparison calls it a loosening.",
        sites=_look_away,
    ),
    Mutation(
        name="slow-answer",
        group="monitors",
        kind="loosens",
        plants="An alarm may wait longer for an answer.",
        must="A comparison calls it a loosening.",
        sites=_slow_answer,
    ),
)
