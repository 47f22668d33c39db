"""What to ask of a case and of each kind of element, with what is known to it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safetycase.argument.graph import attackers, rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.argument.stated import nobody, somebody
from safetycase.assess.records import Assessment
from safetycase.checks.subject import REGISTRY_COMPLETE
from safetycase.review.asking_evidence import asked_of_evidence

__all__ = ["Asked", "asked_of", "asked_of_the_case"]

_WHY = "safetycase why {id} {case}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, why it is asked, what is known, and the command that shows it.

    `{id}` and `{case}` in `command` stand for the element and the folder; `found` says that what
    is known speaks against the element.
    """

    asks: str
    why: str
    facts: str
    command: str = _WHY
    found: bool = False


def asked_of_the_case(assessment: Assessment) -> Iterator[Asked]:
    """What to ask before any element is read."""
    header = assessment.case.header
    decision, deployment = header.decision, header.deployment
    status = "safetycase status {case}"
    over = decision.expires < assessment.at.date()
    yield Asked(
        asks="Do you know what is decided, by whom, and until when?",
        why="A case is sufficient for one decision; for another it has to be read anew.",
        facts=f"It supports {decision.supports}; {decision.owner} decides, until "
        f"{decision.expires}{', which is over' if over else ''}. Maturity: {header.maturity}.",
        command=status,
        found=over or header.maturity == "sketch",
    )
    yield Asked(
        asks="Is the harm one that could be recognised if it happened?",
        why="A harm that nobody could point at can neither occur nor be ruled out.",
        facts=f"The harm is {header.harm.what}; a single mistake is {header.harm.mistake}.",
        command=status,
    )
    tools = ", ".join(header.system.tools) or "none"
    yield Asked(
        asks="Is this the system that will be deployed, and the use it will be put to?",
        why="Evidence on another model, scaffold or use shows nothing of this one.",
        facts=f"Model {header.system.model}, scaffold {header.system.scaffold}, tools {tools}; "
        f"{deployment.users.text}, {deployment.volume.text}, on {deployment.distribution}.",
        command=status,
    )
    yield Asked(
        asks="When does this argument stop holding, and who would notice?",
        why="Published cases seldom state the limits of their validity.",
        facts=f"Horizon {deployment.horizon.text}; the decision ends {decision.expires}; "
        f"{_watch(assessment)}.",
        command=status,
    )
    yield from _review(assessment)
    yield from _number(assessment)
    yield from _registry(assessment)


def _watch(assessment: Assessment) -> str:
    count = sum(name in assessment.case.elements for name in assessment.monitors)
    if not count:
        return "no live monitor watches it"
    return f"{count} live {'monitor watches' if count == 1 else 'monitors watch'} it"


def _review(assessment: Assessment) -> Iterator[Asked]:
    case, review = assessment.case, assessment.review
    doubts = [n for n, e in case.elements.items() if isinstance(e, Defeater)]
    rebutting = attackers(case).get(case.root, ())
    written, raised, against = len(doubts), len(review.challenges), len(review.dissents)
    yield Asked(
        asks="What is the strongest argument that the system is not safe, and is it in the case?",
        why="A case without a counter-case shows what its authors looked for, not what is there.",
        facts=f"Doubts in the case: {written}, of which {len(rebutting)} against the root claim. "
        f"Challenges in review: {raised}, of which {len(review.standing)} stand. "
        f"Dissents: {against}.",
        command="safetycase review list {case}",
        found=not rebutting or not review.challenges,
    )


def _number(assessment: Assessment) -> Iterator[Asked]:
    number, target = assessment.root.confidence, assessment.case.header.target
    if number is not None:
        facts = f"At least {number.low:.3f}, at most {number.high:.3f}; {target:g} is asked for."
    else:
        facts = "There is no number: " + ("; ".join(assessment.no_number_because) or "it is open")
    yield Asked(
        asks="Where does the doubt come from, and would you put the same numbers there?",
        why="A confidence is worth no more than the judgements and measurements it is made of.",
        facts=facts,
        command=f"safetycase why {assessment.case.root} {{case}}",
        found=number is None or number.low < target,
    )


def _registry(assessment: Assessment) -> Iterator[Asked]:
    registry = assessment.case.elements.get(REGISTRY_COMPLETE)
    owner = somebody(registry.owner) if isinstance(registry, Assumption) else None
    bad = sum(a.outcome in ("failed", "aborted", "lost") for a in assessment.attempts)
    exploratory = sum(a.exploratory for a in assessment.attempts)
    yield Asked(
        asks="Could runs have been made that are not in the record?",
        why="No record can show what was done outside it; somebody has to answer for that.",
        facts=f"The record holds {len(assessment.attempts)} attempts: {bad} failed, aborted or "
        f"lost, {exploratory} exploratory. "
        + (f"{owner} answers for there being no others." if owner else "Nobody answers for it."),
        command="safetycase record log {case}",
        found=owner is None,
    )


def asked_of(assessment: Assessment, name: str, conclusions: Mapping[str, str]) -> Iterator[Asked]:
    """What to ask of one element; `conclusions` is `conclusion_of` the case."""
    element = assessment.case.elements[name]
    if isinstance(element, Claim):
        yield from _claim(assessment, element)
    elif isinstance(element, Argument):
        yield from _step(assessment.case, element)
    elif isinstance(element, Assumption):
        yield _assumption(assessment, element)
    elif isinstance(element, Defeater):
        yield _doubt(assessment, element)
    elif isinstance(element, Evidence):
        answers = asked_of_evidence(assessment, element, conclusions)
        for asks, why, facts, command, found in answers:
            yield Asked(asks=asks, why=why, facts=facts, command=command or _WHY, found=found)
    else:
        yield from _others(assessment, element)
    for challenge in assessment.review.challenges:
        if challenge.element == name and challenge.stands:
            yield Asked(
                asks=f"Is challenge {challenge.id} right?",
                why="It stands: nobody ruled that it is answered.",
                facts=f"{challenge.by} ({challenge.severity}, {challenge.standing}): "
                f"{challenge.says}",
                command="safetycase review list {case}",
                found=True,
            )


def _claim(assessment: Assessment, claim: Claim) -> Iterator[Asked]:
    state = assessment.states[claim.id]
    criterion = f"holds when {claim.holds_when}" if claim.holds_when else "states no criterion"
    rests = f"rests on {claim.by}" if claim.by else "rests on nothing"
    yield Asked(
        asks="Is this what has to be true, no weaker and no vaguer?",
        why="A claim that is easier than what is needed is shown in its place.",
        facts=f"“{claim.says}” It {criterion}, {rests}, and is {state.support}.",
        found=claim.by is None or state.support in ("refuted", "contested"),
    )


def _step(case: Case, step: Argument) -> Iterator[Asked]:
    rule = rule_of(step)
    count = len(step.premises)
    needs = {
        "any": f"any one of its {count} premises",
        "k of n": f"{step.k} of its {count} premises",
        "calculate": f"its {count} premises and a calculation on them",
    }.get(rule, f"all of its {count} premises")
    judged = (
        f"{step.credence.owner} puts the step at {step.credence.at_least:g} or more"
        if step.credence
        else "Nobody has assessed how surely the step goes through"
    )
    yield Asked(
        asks="If all of this were so, could the conclusion still be false?",
        why="The warrant is where published cases are thinnest.",
        facts=f"It needs {needs}, because: {step.because} {judged}.",
        found=step.credence is None,
    )
    if rule == "all" and step.kind == "decomposition":
        taken = [p for p in step.premises if isinstance(case.elements.get(p), Assumption)]
        yield Asked(
            asks="Which part is missing? Does a premise say that these are all of them?",
            why="A list of routes is an argument only with the claim that there is no other.",
            facts=f"The premises are {', '.join(step.premises)}; taken without support: "
            f"{', '.join(taken) or 'none'}.",
            found=not taken,
        )
    if rule in ("any", "k of n"):
        legs = set(step.premises)
        declared = [
            n
            for n, e in case.elements.items()
            if isinstance(e, Dependence) and legs.intersection(e.among)
        ]
        yield Asked(
            asks="Could one cause make several of the legs fail?",
            why="Legs that share a cause are worth no more than one of them.",
            facts=f"The legs are {', '.join(step.premises)}. Dependence between them is declared "
            f"by: {', '.join(declared) or 'nothing, and the number takes the worst'}.",
        )
    for leg, why in step.despite.items():
        yield Asked(
            asks=f"Does the step stand without {leg}?",
            why="A leg that was refuted is evidence about the others too.",
            facts=f"The file says: {why}",
            found=True,
        )


def _assumption(assessment: Assessment, taken: Assumption) -> Asked:
    until = f"until {taken.expires}" if taken.expires else "without a date"
    watched = f"while {taken.monitor} is quiet" if taken.monitor else "unwatched"
    over = taken.expires is not None and taken.expires < assessment.at.date()
    return Asked(
        asks="Would you take this without evidence, from this owner, until that day?",
        why="Whatever rests on it is no surer than it is.",
        facts=f"“{taken.says}” {somebody(taken.owner) or 'Nobody'} answers for it, {until}, "
        f"{watched}"
        f"{'; the date has passed' if over else ''}.",
        found=nobody(taken.owner) or over or (taken.expires is None and taken.monitor is None),
    )


def _doubt(assessment: Assessment, doubt: Defeater) -> Asked:
    state = assessment.states[doubt.id]
    stands = state.truth != "false"
    if doubt.accepted:
        until = doubt.accepted.expires
        said = (
            f"{doubt.accepted.owner} accepts it until {until} at a doubt of "
            f"{doubt.accepted.doubt:g}: {doubt.accepted.because}"
        )
        asks = "Is what was accepted as small as its owner says?"
    elif doubt.answered_by:
        answers = (
            f"{n} ({assessment.states[n].support})" if n in assessment.states else f"{n} (missing)"
            for n in doubt.answered_by
        )
        said, asks = f"Answered by {', '.join(answers)}.", "Does the answer meet the doubt?"
    else:
        said, asks = "Nothing answers it.", "Is this doubt right?"
    return Asked(
        asks=asks,
        why="A doubt that is answered in words alone is still a doubt.",
        facts=f"“{doubt.says}” against {doubt.against}. {said} It "
        f"{'stands' if stands else 'is defeated'} now"
        f"{' and is mandatory' if doubt.mandatory else ''}.",
        found=stands,
    )


def _others(assessment: Assessment, element: Element) -> Iterator[Asked]:
    if isinstance(element, Problem):
        yield Asked(
            asks="Is the problem stated so that a solution could be recognised?",
            why="What it blocks stays open until then.",
            facts=f"“{element.says}” It blocks {', '.join(element.blocks)} and is closed when "
            f"{element.closed_when}",
            command="safetycase agenda {case}",
            found=True,
        )
    elif isinstance(element, Monitor):
        watched = assessment.monitors.get(element.id)
        state = f"{watched.state}: {watched.because}" if watched else "not watched"
        yield Asked(
            asks="Would this monitor have seen it, and who answers when it alarms?",
            why="A monitor that cannot see is silent, and silence is not safety.",
            facts=f"{element.owner} owns it; it alarms when "
            f"{element.alarm_when or 'features drift'}. It is {state}",
            found=watched is None or watched.state != "quiet",
        )
    elif isinstance(element, Hazard):
        covered = ", ".join(element.covered_by) or element.excluded_because or "nothing"
        yield Asked(
            asks="Does what covers this hazard cover all of it?",
            why="A hazard that is covered in name is not looked for any more.",
            facts=f"“{element.says}” Covered by: {covered}",
            found=not element.covered_by,
        )
    elif isinstance(element, Dependence):
        yield Asked(
            asks="Do you believe that these fail as is declared?",
            why="Without the declaration the number would be lower.",
            facts=f"“{element.says}” ({element.kind} of {', '.join(element.among)}), because: "
            f"{element.because} {somebody(element.owner) or 'Nobody'} answers for it.",
            found=nobody(element.owner),
        )
