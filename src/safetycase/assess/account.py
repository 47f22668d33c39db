"""The number of one claim, taken apart: what it is made of, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safetycase.argument.graph import rule_of
from safetycase.argument.model import Argument, Claim, Defeater
from safetycase.assess.basic import Basic, label
from safetycase.assess.breakdown import (
    DEPENDENCE,
    EVIDENCE,
    OPEN_DOUBTS,
    Breakdown,
    Flip,
    Line,
    Link,
    Part,
    Scenario,
    Step,
    Way,
)
from safetycase.assess.numbers import Numbers
from safetycase.assess.records import Assessment
from safetycase.confidence.claims import Weighed, weigh_claim
from safetycase.confidence.dependence import declared_bound, unknown_bound
from safetycase.confidence.diagram import NODES
from safetycase.confidence.graph import Builder, Declaration, Graph, claim_node
from safetycase.confidence.local import local
from safetycase.confidence.packing import worst
from safetycase.confidence.proof import proof_set
from safetycase.confidence.reference import At, Reference, reference
from safetycase.confidence.sensitivity import amplification, flips, gap_split, lift_to

__all__ = ["account"]

_MOST = 12
_LARGE = 3_000
_SMALL = 100
_TINY = 1e-9


def account(assessment: Assessment, claim: str | None = None, *, seed: int = 0) -> Breakdown:
    """The breakdown of a claim's confidence (the root's by default).

    `LookupError` if there is no such claim. `seed` matters only where the reference model is too
    large for a decision diagram and is simulated.
    """
    name = claim or assessment.case.root
    element, numbers = assessment.case.elements.get(name), assessment.numbers
    if not isinstance(element, Claim) or numbers is None:
        raise LookupError(f"`{name}` is no claim of the case")
    root = name == assessment.case.root
    if name not in numbers.bounds or assessment.states[name].posed != "ready":
        reasons = tuple(reason.says for reason in assessment.states[name].reasons)
        because = assessment.no_number_because if root else reasons
        return Breakdown(
            claim=name,
            says=element.says,
            bel=0.0,
            pl=1.0,
            no_number_because=because or ("it is not closed",),
        )
    return _Account(assessment, numbers, name, seed).breakdown()


class _Account:
    """Computes each part once; `breakdown` puts them together."""

    def __init__(self, assessment: Assessment, numbers: Numbers, name: str, seed: int) -> None:
        self.assessment, self.numbers, self.name, self.seed = assessment, numbers, name, seed
        self.case = assessment.case
        self.net = numbers.network
        self.query = self.net.queries[name]
        self.declared = numbers.declared.declarations
        self.weighed: Weighed = (
            numbers.root
            if name == self.case.root and numbers.root is not None
            else weigh_claim(self.net.graph, self.query, self.declared)
        )
        self.graph, self.node = claim_node(self.net.graph, self.query)
        self.names = {index: event for event, index in self.net.index.items()}
        self.events = [e for e in self.graph.events([self.node]) if e in self.names]
        self.worst = self.weighed.unknown.support
        self.nodes = NODES if len(self.events) <= _LARGE else 50_000
        self.model = self._reference(declarations=self._causes())

    def breakdown(self) -> Breakdown:
        """The record that every display draws from."""
        w, element = self.weighed, self.case.elements[self.name]
        assert isinstance(element, Claim)
        drawn = bool(self.declared) and not self.model.exact
        return Breakdown(
            claim=self.name,
            says=element.says,
            bel=w.bel,
            pl=w.pl,
            conflict_low=w.conflict_low,
            conflict_high=w.conflict_high,
            reference=self._inside(self.model.value) if self.declared else None,
            reference_low=self._inside(self.model.low) if drawn else None,
            reference_high=self._inside(self.model.high) if drawn else None,
            layer=self._layer(),
            gap=max(0.0, w.pl - w.bel),
            target=self.case.header.target if self.name == self.case.root else None,
            assumptions=sum(self._basic(e).what == "assumption" for e in self.events),
            open_defeaters=len(self._open_defeaters()),
            ledger=tuple(self._ledger()),
            gap_split=self._gap_split(),
            links=self._links(),
            story=self._story(),
            flips=tuple(self._flips()),
            ways=self._ways(),
            steps=tuple(self._steps()),
            notes=tuple(self._notes()),
            certificate=self.worst.certificate,
        )

    def _reference(self, *, at: At = "low", declarations: Sequence[Declaration] = ()) -> Reference:
        return reference(
            self.graph,
            self.node,
            at=at,
            declarations=declarations,
            nodes=self.nodes,
            seed=self.seed,
        )

    def _inside(self, value: float) -> float:
        """A point value never stands outside the bounds it belongs to."""
        return min(max(value, self.weighed.bel), self.weighed.pl)

    def _basic(self, event: int) -> Basic:
        return self.net.events[self.names[event]]

    def _label(self, event: int) -> str:
        """The element of an event, as a reader would name it."""
        return label(self.names[event])

    def _causes(self) -> list[Declaration]:
        return [d for d in self.declared if d.kind == "common cause"]

    def _layer(self) -> str:
        return {
            "local": "its parts share nothing, so that the doubts of its steps simply add up",
            "proof set": "one proof carries it, each part charged once however often it is used",
            "packing": "several proofs overlap; solved over every joint law that fits, to within "
            f"{max(self.worst.gap, 0.0):.1g}",
        }[self.worst.layer]

    def _bound(self, graph: Graph, node: int) -> float:
        """The lower bound that the number is made of, for a changed graph."""
        if self.declared:
            return declared_bound(graph, node, self.declared).low
        if len(self.events) <= _SMALL:
            return 1 - worst(graph, node).doubt
        return unknown_bound(graph, node)

    def _open_defeaters(self) -> list[int]:
        """The events of defeaters that are neither answered nor accepted."""
        values, accepted = self.numbers.values, self.numbers.grounds.facts.accepted
        found = []
        for event in self.events:
            name = self._basic(event).element
            doubt = isinstance(self.numbers.grounds.facts.elements.get(name), Defeater)
            if doubt and values.get(name) is not False and name not in accepted:
                found.append(event)
        return found

    # The ledger.

    def _ledger(self) -> Iterator[Line]:
        proof = proof_set(self.graph, self.node, exact=len(self.graph) <= _LARGE)
        lines = [self._line(event, holds) for event, holds in proof.literals]
        yield from sorted((x for x in lines if x.doubt > 0), key=lambda x: -x.doubt)
        gained = self.weighed.bel - self.weighed.unknown.bel
        if self.weighed.used and gained > _TINY:
            name = self.weighed.used[0]
            declaration = self.case.elements[name]
            others = f" (with {', '.join(self.weighed.used[1:])})" if self.weighed.used[1:] else ""
            yield Line(
                id=name,
                says=getattr(declaration, "says", ""),
                what="declaration",
                doubt=-gained,
                place=self._place(name),
                note=f"declared; the doubt that it is wrong is taken off already{others}",
            )

    def _line(self, event: int, holds: bool) -> Line:
        basic = self._basic(event)
        doubt = 1 - self.graph.low[event] if holds else self.graph.high[event]
        element = self.numbers.grounds.facts.elements.get(basic.element)
        says = getattr(element, "says", "") or getattr(element, "because", "")
        leaf = self.assessment.leaves.get(basic.element)
        ran = [a.id for a in leaf.attempts if a.outcome == "completed"] if leaf else []
        measured = basic.what == "leaf"
        return Line(
            id=self._label(event),
            says=says,
            what="leaf" if basic.what == "open" else basic.what,
            doubt=doubt,
            run=ran[-1] if measured and ran else "",
            place=self._place(basic.element),
            note=self._note(basic),
        )

    def _note(self, basic: Basic) -> str:
        """What made the number of an event; for a leaf, what lowered it."""
        leaf = self.assessment.leaves.get(basic.element)
        told = leaf.credence if leaf else None
        if basic.what != "leaf" or told is None:
            return basic.note
        parts = [f"confidence {told.confidence:.4g}", f"registration {told.attempts} of its claim"]
        parts.append(
            f"power {told.power:.3g} on planted failures"
            if told.power is not None
            else "its power on planted failures is not in the record"
        )
        parts.append(
            f"{told.posterior:.3g} under the declared prior"
            if told.posterior is not None
            else "no prior declared"
        )
        return ", ".join(parts)

    def _place(self, name: str) -> str:
        if name not in self.case.elements:
            name = name.split(".")[0]
        if name not in self.case.elements:
            return ""
        span = self.case.span(name)
        return f"{span.file}:{span.line}"

    # What the number hangs on.

    def _gap_split(self) -> tuple[Part, ...]:
        if len(self.events) > _LARGE:
            return ()
        split = gap_split(
            self.net.graph,
            self.query,
            defeaters=self._open_defeaters(),
            bound=self._bound,
            seed=self.seed,
        )
        return (
            Part(name=OPEN_DOUBTS, amount=split.defeaters),
            Part(name=EVIDENCE, amount=split.imprecision),
            Part(name=DEPENDENCE, amount=split.dependence),
            Part(
                name="silence",
                amount=split.silence,
                says="neither its support nor its rebuttal goes through; more support would help",
            ),
        )

    def _links(self) -> tuple[Link, ...]:
        found = []
        for (event, holds), price in self.worst.prices.items():
            if event not in self.names or price <= _TINY:
                continue
            basic = self._basic(event)
            doubt = self.graph.high[event] if holds else 1 - self.graph.low[event]
            found.append(
                Link(
                    id=self._label(event),
                    price=price,
                    price_low=price,
                    price_high=price,
                    doubt=doubt,
                    says=basic.note,
                )
            )
        return tuple(sorted(found, key=lambda x: (-x.price * x.doubt, x.id)))

    def _story(self) -> tuple[Scenario, ...]:
        return tuple(
            Scenario(
                mass=scene.mass,
                fails=tuple(self._label(e) for e, holds in scene.literals if not holds),
                holds=tuple(self._label(e) for e, holds in scene.literals if holds),
            )
            for scene in self.worst.story[:_MOST]
            if all(e in self.names for e, _ in scene.literals)
        )

    def _flips(self) -> Iterator[Flip]:
        if len(self.events) > _LARGE:
            return
        for flip in flips(self.graph, self.node, size=3, limit=_MOST).sets:
            ids = tuple(self._label(e) for e, _ in flip.literals)
            wrong = [e for e, holds in flip.literals if not holds]
            says = "if this fails" if len(wrong) == len(ids) == 1 else "if these come together"
            yield Flip(ids=ids, says=f"{says}, nothing carries {self.name}")
        target = self.case.header.target
        if self.name == self.case.root and self.weighed.bel < target and len(self.events) <= _SMALL:
            lift = lift_to(self.graph, self.node, target, bound=self._bound, evaluations=300)
            for certain in lift.sets[:_MOST]:
                ids = tuple(self._label(e) for e, _ in certain)
                if ids:
                    yield Flip(ids=ids, says=f"made certain, they lift it to the target {target:g}")

    def _ways(self) -> tuple[Way, ...]:
        w, unknown = self.weighed, self.weighed.unknown
        apart = self._reference()
        at_best = self._reference(at="high")
        declared = "nothing is declared" if not self.declared else "what the case declares"
        return (
            Way(
                name="unknown dependence",
                low=unknown.bel,
                high=unknown.pl,
                says="holds whatever the parts have in common",
            ),
            Way(
                name="declared",
                low=w.bel,
                high=w.pl,
                point=self._inside(self.model.value) if self.declared else None,
                says=declared,
                uses=w.used,
            ),
            Way(
                name="fully independent",
                low=min(apart.low, at_best.high),
                high=max(apart.low, at_best.high),
                point=apart.value,
                says="if nothing had anything in common; nobody declared that",
            ),
        )

    def _steps(self) -> Iterator[Step]:
        lows, _ = local(self.net.graph)
        below = set(self.graph.below([self.node]))
        for name, element in self.case.elements.items():
            if not isinstance(element, Argument) or self.net.nodes.get(name) not in below:
                continue
            legs = [self.net.nodes[p] for p in element.premises if p in self.net.nodes]
            rule = rule_of(element)
            if len(legs) < 2 or rule == "calculate":
                continue
            build = Builder()
            parts = [build.event(str(i), lows[leg], 1.0) for i, leg in enumerate(legs)]
            top = (
                build.any(parts)
                if rule == "any"
                else build.at_least(element.k or len(parts), parts)
                if rule == "k of n"
                else build.all(parts)
            )
            found = amplification(build.freeze(), top)
            yield Step(
                id=name, premises=len(legs), lambda_crit=found.critical, modulus=found.present
            )

    def _notes(self) -> Iterator[str]:
        yield from self.weighed.notes
        reasons = dict(self.numbers.declared.set_aside) | dict(self.weighed.refused)
        for name, reason in reasons.items():
            yield f"The declaration {name} adds nothing: {reason}."
        if len(self.events) > _LARGE:
            yield f"With more than {_LARGE:,} parts the gap and the flipping sets are left out."
        if self.weighed.used:
            yield "Certificate, prices and worst story are those under unknown dependence."
