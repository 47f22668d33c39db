"""What was said in review, as entities of an RO-Crate: sign-offs, challenges, dissents, overrides.

Each names the record it stands in; whether it counts now is the assessment's word, not the
signer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safetycase.assess.reviewed import Challenged, Dissented, Overridden, Review, SignedOff
from safetycase.report.ro_crate_names import Entity, name_of, path_of, text_of

__all__ = ["said_in_review"]


def said_in_review(review: Review, files: Sequence[str]) -> Iterator[Entity]:
    """Everything that was said of the case in `files`, and who said it."""
    of: Entity = {"itemReviewed": [{"@id": path_of(path)} for path in files]}
    for signed in review.sign_offs:
        yield from _signed(signed, of)
    for dissent in review.dissents:
        yield from _dissent(dissent, of)
    for override in review.overrides:
        yield from _override(override, of)
    for challenge in review.challenges:
        yield from _challenge(challenge, files)


def _person(name: str) -> Entity:
    return {"@id": name_of("person", name), "@type": "Person", "name": text_of(name)}


def _review(
    kind: str, record: int, element: str, by: str, at: str, body: str, description: str, of: Entity
) -> Iterator[Entity]:
    yield _person(by)
    yield {
        "@id": name_of(kind, str(record)),
        "@type": "Review",
        "name": text_of(f"{kind} of {element}, record {record}"),
        "author": {"@id": name_of("person", by)},
        "datePublished": at,
        "reviewAspect": text_of(element),
        "reviewBody": text_of(body),
        "description": text_of(description),
    } | of


def _signed(signed: SignedOff, of: Entity) -> Iterator[Entity]:
    on = "".join(f"; on the condition: {each}" for each in signed.conditions)
    counts = "counts now" if signed.counts else f"does not count now: {_why(signed)}"
    body = f"{signed.verdict}{on}" + (f" — {signed.says}" if signed.says else "")
    yield from _review(
        "sign-off", signed.record, signed.element, signed.by, signed.at, body, counts, of
    )


def _why(signed: SignedOff) -> str:
    return signed.because or (
        "an earlier version was signed" if not signed.current else "the signer had a hand in it"
    )


def _dissent(dissent: Dissented, of: Entity) -> Iterator[Entity]:
    now = "of the part as it is" if dissent.current else "of an earlier version of the part"
    yield from _review(
        "dissent", dissent.record, dissent.element, dissent.by, dissent.at, dissent.says, now, of
    )


def _override(override: Overridden, of: Entity) -> Iterator[Entity]:
    force = "in force" if override.in_force else "not in force"
    told = f"{force}; clauses {', '.join(override.clauses)}; on the authority of " \
        f"{override.authority}; until {override.expires}"  # fmt: skip
    yield from _review(
        "override", override.record, override.element, override.by, override.at, override.reason,
        told, of,
    )  # fmt: skip


def _challenge(challenge: Challenged, files: Sequence[str]) -> Iterator[Entity]:
    """The challenge, each response and each ruling as a comment on it."""
    told = [
        *(("response", r.record, "response", r.by, r.at, r.says) for r in challenge.responses),
        *(
            ("ruling", r.record, f"ruling: {r.outcome}", r.by, r.at, r.reason)
            for r in challenge.rulings
        ),
    ]
    yield _person(challenge.by)
    stands = f"{challenge.severity}, against {challenge.against}; {challenge.standing}"
    main = name_of("challenge", str(challenge.record))
    yield {
        "@id": main,
        "@type": "Comment",
        "name": text_of(f"challenge {challenge.id} of {challenge.against}, record "
                        f"{challenge.record}"),
        "author": {"@id": name_of("person", challenge.by)},
        "dateCreated": challenge.at,
        "text": text_of(challenge.says),
        "description": text_of(stands + ("; it contests the case" if challenge.contests else "")),
        "about": [{"@id": path_of(path)} for path in files],
        "comment": [{"@id": name_of(kind, str(record))} for kind, record, *_ in told],
    }  # fmt: skip
    for kind, record, what, by, at, says in told:
        yield _person(by)
        yield {
            "@id": name_of(kind, str(record)),
            "@type": "Comment",
            "name": text_of(f"{what} to challenge {challenge.id}, record {record}"),
            "author": {"@id": name_of("person", by)},
            "dateCreated": at,
            "text": text_of(says),
            "parentItem": {"@id": main},
        }
