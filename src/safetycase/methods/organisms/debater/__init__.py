"""Debaters that fail only when one kind of counter-argument is stated."""

from safetycase.methods.organisms.debater import smollm2, toy
from safetycase.plugin.organisms import OrganismFamily

__all__ = ["FAMILY"]

FAMILY = OrganismFamily(
    name="debater",
    says="debaters in a small language whose replies can be checked, one kind of counter planted",
    plants="a misleading reply to one kind of counter-argument, drawn from the seed, in any words",
    source="Irving, Christiano & Amodei 2018, arXiv:1805.00899 (debate); the language is our own",
    limits=(
        "an argument is a chain of comparisons of numbers, and a debate one exchange",
        "the kinds of counter-argument are few, so that trying each finds the planted one",
        "the failure was trained in; one that training leaves by itself may be hidden otherwise",
        "a misleading reply is a reply of its own: whoever reads it sees that it is bad",
        "the language model reads one objection in English, and its debate is a single question",
    ),
    members=(*toy.MEMBERS, *smollm2.MEMBERS),
)
