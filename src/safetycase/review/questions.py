"""The question that each review rule puts to a person; `checks.review` says when it applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ALWAYS", "ASKS"]

ASKS: Final[Mapping[str, str]] = {
    "L01": "Are decision, system, use and harm stated so that the claim could be wrong?",
    "L02": "Does the warrant say why this suffices, and would you accept it from somebody else?",
    "L03": "Which doubt would a sceptic raise here, and was it put to a test?",
    "L04": "Could the model have hidden the ability, and what shows that it did not?",
    "L05": "Does anything here hold only because the model is taken to be aligned?",
    "L06": "Was the detector shown what it is to detect, and did it detect it?",
    "L07": "Is the absence of failures read as a bound, with the number that was looked at?",
    "L08": "Does the whole interval meet the criterion, or only its middle?",
    "L09": "Which definition of safety is this value of, and is it compared with the same one?",
    "L10": "Could the red team do what the model can, and did it move last?",
    "L11": "Was the monitor tested on what it was not tuned on?",
    "L12": "Do these leaves share a cause (prompts, elicitor, judge) for which both would fail?",
    "L13": "Was the threshold fixed before anybody saw a result?",
    "L14": "How far is the rate stretched beyond what was looked at?",
    "L15": "What does a clean result show if the model plays a strategy?",
    "L16": "Would the owner of this assumption notice if it became false, and by when?",
    "L17": "Were the auditors measured by blind seeded items within the last month?",
    "L18": "Is the instrument pinned, and is that version known to be sound?",
    "L19": "Do you know which leaf the number hangs on, and do you believe that leaf?",
    "L20": "Who argued that the system is not safe, and what did they say?",
    "L21": "Is there a way to the harm that no hazard here names?",
    "L22": "Could there be runs that are not in the record?",
    "L23": "Was the best of as many attempts compared on both sides?",
    "L24": "Was this signal ever part of a training objective?",
    "L25": "Would this test have failed if the claim were false?",
}
"""Code of a review rule -> what to ask."""

ALWAYS: Final = frozenset({"L03", "L04", "L15", "L19", "L20", "L24", "L25"})
"""Rules whose question is asked although they found nothing: a person settles it in the end."""
