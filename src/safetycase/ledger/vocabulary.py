"""What can happen to evidence after it was recorded: the words of an `event` record.

An event names what it is about by selectors. A registration matches if every selector that is
given matches; an event without a selector is about everything and has to say so (`all`). The
grounds for updating a model report in the EU General-Purpose AI Code of Practice (Safety and
Security chapter, Measures 1.2 and 7.6, 10 July 2025) are among the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["EVENTS", "RESOLUTIONS", "RULINGS", "SELECTORS", "SEVERITIES", "SIGNALS", "VERDICTS"]

EVENTS: Final[Mapping[str, str]] = {
    "key-revoked": "A signing key is no longer to be trusted.",
    "instrument-revoked": "A version of a method, its code or its data was broken.",
    "evaluation-bug-found": "A run was made with a defect that bears on its result.",
    "dataset-withdrawn": "A data set may no longer be used.",
    "contamination-found": "Items of a data set were in the training data.",
    "judge-withdrawn": "A model that graded answers is no longer trusted to.",
    "better-elicitation": "Somebody elicited more from the model than the evidence did.",
    "capabilities-changed": "Post-training, tools or inference compute changed what it can do.",
    "use-changed": "The model is used or integrated otherwise than stated.",
    "validity-undermined": "The evidence was found not to measure what it claims.",
    "condition-materialised": "A condition under which the argument does not hold came true.",
    "mitigation-less-effective": "A safeguard was found to do less than was measured.",
    "milestone-reached": "A stated amount of training compute or of users was reached.",
    "serious-incident": "The model, or one like it, caused or nearly caused serious harm.",
    "monitor-alarm": "A live monitor reported an alarm.",
    "auditor-rotated": "Those who audit were replaced.",
}
"""Each word of the vocabulary, and what it says."""

SELECTORS: Final[Mapping[str, str]] = {
    "evidence": "ids of evidence",
    "claim": "ids of claims",
    "method": "names of methods",
    "method_version": "versions of a method",
    "code": "SHA-256 of files of code that ran",
    "file": "SHA-256 of files that were read",
    "weights": "weights by name",
    "weights_sha256": "SHA-256 of weights",
    "distribution": "distributions that were measured",
    "keyid": "ids of keys",
}
"""What an event can be about; each selector holds a list of texts, one of which has to match."""

SIGNALS: Final[Mapping[str, str]] = {
    "quiet": "A window went by, the monitor saw it, and its null hypothesis stands.",
    "warning": "An early warning, which challenges nothing.",
    "alarm": "The null hypothesis is rejected within the error budget.",
    "silent": "No source reported for longer than the monitor allows.",
    "lossy": "More events were lost than the monitor allows.",
    "blind": "The monitor no longer catches its canaries.",
}
"""What a live monitor can report, and what it says."""

RESOLUTIONS: Final[Mapping[str, str]] = {
    "false-alarm": "What the alarm says did not happen; the reason says why it was raised.",
    "answered": "It happened, its cause is gone, and what is claimed holds again.",
    "confirmed": "It happened, and the alarm stands until it is answered.",
}
"""What a reviewer can say of an alarm; a later resolution replaces an earlier one."""

SEVERITIES: Final[Mapping[str, str]] = {
    "minor": "Worth mending; the conclusion does not hang on it.",
    "major": "If it is right, what it is against does not hold as it is argued.",
    "critical": "If it is right, the decision must not be taken.",
}
"""How much a challenge of a reviewer says is at stake; all but `minor` contest their target."""

RULINGS: Final[Mapping[str, str]] = {
    "answered": "A response meets the challenge, and the reason says how.",
    "conceded": "The challenge is right and stands until the case is changed.",
    "withdrawn": "Whoever raised the challenge takes it back.",
}
"""What can be ruled of a challenge; a later ruling replaces an earlier one."""

VERDICTS: Final[Mapping[str, str]] = {
    "accept": "The argument was reviewed and convinces.",
    "accept-with-conditions": "It convinces as long as the stated conditions are met.",
    "reject": "It was reviewed and does not convince.",
    "abstain": "It was looked at, and nothing is said for or against it.",
}
"""What a reviewer can sign of a part of the argument, as it was on that day."""
