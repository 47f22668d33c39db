"""A case file -> a `Case` with everything in it, and every finding at once.

Loading succeeds as far as it can: an unreadable part is a finding and the rest stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from safetycase.argument import model
from safetycase.argument.decode import KINDS, MISSING, Decoder, hints_of, required
from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.nodes import Reader, span_of

__all__ = ["LISTS", "Loaded", "load"]

LISTS: Mapping[str, str] = {
    "claims": "claim",
    "evidence": "evidence",
    "arguments": "argument",
    "assumptions": "assumption",
    "defeaters": "defeater",
    "problems": "problem",
    "contexts": "context",
    "justifications": "justification",
    "monitors": "monitor",
    "hazards": "hazard",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The case, if its header could be read, and the findings of the file."""

    case: model.Case | None
    findings: tuple[Finding, ...]


def load(text: str, file: str = "case.yaml") -> Loaded:
    """Read a case from its text; `file` names it in findings."""
    reader = Reader(text, file)
    if reader.root is None:
        return Loaded(case=None, findings=tuple(reader.findings))
    decoder = Decoder(reader)
    header: dict[str, Any] = {}
    root: Any = MISSING
    known = {*hints_of(model.Header), "root", *LISTS}
    for key, key_node, value in reader.items(reader.root, "the case"):
        decoder.spans[("", key)] = span_of(value, file)
        if key == "root":
            root = decoder.value(
                value, Annotated[str, model.RefTo(("claim",))], ("", key), "`root`"
            )
        elif key in LISTS:
            for entry in reader.sequence(value, f"`{key}`"):
                decoder.element(entry, (LISTS[key],), f"an entry of `{key}`")
        elif key in known:
            hint = hints_of(model.Header)[key]
            header[key] = decoder.value(value, hint, ("", key), f"`{key}`")
        else:
            reader.report(
                "F020", key_node, f"the case has no key `{key}`", did_you_mean(key, known)
            )
    lacking = sorted(required(model.Header) - header.keys())
    for name in lacking:
        reader.report("F021", None, f"the case lacks `{name}`", None)
    if "root" not in {
        path[1] for path in decoder.spans if path and path[0] == "" and len(path) > 1
    }:
        reader.report("F021", None, "the case lacks `root`", "write the top claim under `root:`")
    _references(decoder)
    findings = tuple(sorted(reader.findings, key=lambda f: (f.span, f.code)))
    if lacking or any(value is MISSING for value in header.values()) or root is MISSING:
        return Loaded(case=None, findings=findings)
    case = model.Case(
        header=model.Header(**header),
        root=root,
        elements=_complete(decoder.elements),
        spans=decoder.spans,
        findings=findings,
        source=file,
    )
    return Loaded(case=case, findings=findings)


def _complete(elements: Mapping[str, Any]) -> dict[str, model.Element]:
    return {name: element for name, element in elements.items() if element is not None}


def _references(decoder: Decoder) -> None:
    """Every id that is referred to exists and is of a kind that fits."""
    kinds = {record: kind for kind, record in KINDS.items()}
    declared = {path[0] for path in decoder.spans if len(path) == 1}
    for path, name, ref in decoder.references:
        span = decoder.spans.get(path) or decoder.spans[path[:-1]]
        subject = path[0] or None
        if name not in declared:
            if ref.kinds == model.ANY_KIND and "." in name and name.split(".")[0] in declared:
                continue  # a defeater that the engine raises itself, e.g. E-ITEMS.BELOW-CHANCE
            decoder.reader.findings.append(
                Finding(
                    code="F030",
                    span=span,
                    message=f"`{name}` is not in this case",
                    hint=did_you_mean(name, declared),
                    subject=subject,
                )
            )
            continue
        element = decoder.elements.get(name)
        if element is not None and kinds[type(element)] not in ref.kinds:
            decoder.reader.findings.append(
                Finding(
                    code="F031",
                    span=span,
                    message=f"`{name}` is a {kinds[type(element)]} and cannot stand here",
                    hint="expected " + " or ".join(ref.kinds),
                    subject=subject,
                )
            )
