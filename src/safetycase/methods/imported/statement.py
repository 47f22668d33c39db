"""in-toto statements, bare or in a DSSE envelope, and what they say about how many passed.

Sources: in-toto/attestation, `spec/v1`, predicates test-result v0.1, svr v0.1, eval-result v0.1;
secure-systems-lab/dsse, `protocol.md`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from safetycase.methods.imported import strict
from safetycase.plugin.contract import MethodError

__all__ = ["EVAL", "SVR", "TEST", "Finding", "Statement", "finding", "open_statement"]

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
EVAL = "https://in-toto.io/attestation/eval-result/v0.1"
TEST = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.1"
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,30})?")
_COUNT = 10_000_000
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An opened statement; `signed` are (key id, signature) over `message`, none if it is bare."""

    place: str
    digests: frozenset[str]
    kind: str
    predicate: Mapping[str, Any]
    signed: tuple[tuple[str, bytes], ...] = ()
    message: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Of `of` samples at least `least` and at most `most` passed; `passed` is the verdict."""

    passed: bool
    least: int
    most: int
    of: int
    by: str
    at: str
    said: Mapping[str, str]


def open_statement(data: bytes, place: str, kinds: Sequence[str] = (EVAL, TEST, SVR)) -> Statement:
    """Read a statement of one of `kinds`, or an envelope around one; `MethodError` otherwise."""
    outer = strict.mapping(strict.parse(data, place), place, "the file")
    if "payload" not in outer:
        return _statement(outer, place, kinds)
    kind = strict.text(outer.get("payloadType"), place, "`payloadType`")
    if kind != PAYLOAD:
        raise MethodError(f"{place}: the payload is `{kind[:80]}`, and only `{PAYLOAD}` is read")
    payload = _unbase64(outer.get("payload"), place, "`payload`")
    signed = []
    for entry in _listed(outer.get("signatures"), place, "`signatures`", 20):
        signature = strict.mapping(entry, place, "a signature")
        name = signature.get("keyid") or ""
        signed.append(
            (strict.text(name, place, "`keyid`"), _unbase64(signature.get("sig"), place, "`sig`"))
        )
    if not signed:
        raise MethodError(f"{place}: the envelope has no signature")
    inner = strict.mapping(strict.parse(payload, f"{place}, payload"), place, "the payload")
    bare = _statement(inner, place, kinds)
    head = b"DSSEv1 %d %b %d " % (len(kind), kind.encode(), len(payload))
    return Statement(
        place=place,
        digests=bare.digests,
        kind=bare.kind,
        predicate=bare.predicate,
        signed=tuple(signed),
        message=head + payload,
    )


def _unbase64(value: Any, place: str, what: str) -> bytes:
    word = strict.text(value, place, what)
    try:
        # DSSE allows both alphabets.
        return base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MethodError(f"{place}: {what} is not base64") from error


def _listed(value: Any, place: str, what: str, most: int = _MOST) -> list[Any]:
    """A list that is read to its end: an entry left out may be the one that failed."""
    found = strict.listed(value, place, what)
    if len(found) > most:
        raise MethodError(f"{place}: {what} has more than {most} entries; split the statement")
    return found


def _statement(value: Mapping[str, Any], place: str, kinds: Sequence[str]) -> Statement:
    said = value.get("_type")
    if said != STATEMENT:
        raise MethodError(f"{place}: `_type` is {said!r:.80}, and only `{STATEMENT}` is read")
    kind = strict.text(value.get("predicateType"), place, "`predicateType`")
    if kind not in kinds:
        read = ", ".join(each.removeprefix("https://in-toto.io/attestation/") for each in kinds)
        raise MethodError(f"{place}: the predicate `{kind[:80]}` is not read; read are {read}")
    digests = set()
    for entry in _listed(value.get("subject"), place, "`subject`"):
        digest = strict.mapping(entry, place, "a subject").get("digest")
        for name, word in strict.mapping(digest, place, "a subject's `digest`").items():
            if name == "sha256":
                digests.add(strict.text(word, place, "`sha256`").lower())
    predicate = strict.mapping(value.get("predicate"), place, "`predicate`")
    return Statement(place=place, digests=frozenset(digests), kind=kind, predicate=predicate)


def finding(statement: Statement, name: str) -> Finding:
    """What the statement says about `name`: a metric, a property, or all tests where empty."""
    read: Mapping[str, Callable[[Statement, str], Finding]] = {
        EVAL: _eval,
        TEST: _test,
        SVR: _svr,
    }
    return read[statement.kind](statement, name)


def _eval(statement: Statement, name: str) -> Finding:
    """Each claim `metric >= threshold` that passed or failed bounds the count of `sampleSize`."""
    body, place = statement.predicate, statement.place
    of = strict.whole(body.get("sampleSize"), place, "`sampleSize`")
    if not 0 < of <= _COUNT:
        raise MethodError(f"{place}: a `sampleSize` of {of} cannot be")
    least, most, verdicts, names = 0, of, [], set()
    for entry in _listed(body.get("claims"), place, "`claims`"):
        claim = strict.mapping(entry, place, "a claim")
        metric = strict.text(claim.get("metric"), place, "`metric`")
        names.add(metric)
        if metric != name:
            continue
        low, high, passed = _allowed(claim, of, place)
        least, most = max(least, low), min(most, high)
        verdicts.append(passed)
    if not verdicts:
        some = ", ".join(f"`{n[:60]}`" for n in sorted(names)[:10])
        raise MethodError(f"{place}: no claim about `{name}`; there are claims about {some}")
    if least > most:
        raise MethodError(f"{place}: the claims about `{name}` contradict each other")
    suite = body.get("suite")
    return Finding(
        passed=all(verdicts),
        least=least,
        most=most,
        of=of,
        by=_id(body, place),
        at=strict.text(body.get("evaluatedAt", ""), place, "`evaluatedAt`"),
        said={
            "suite": str(suite)[:500],
            "assurance level, by its own word": str(body.get("assuranceLevel"))[:100],
            "pre-registration, by its own word": str(body.get("preRegistration"))[:300],
        },
    )


def _allowed(claim: Mapping[str, Any], of: int, place: str) -> tuple[int, int, bool]:
    """The counts of `of` under which the claim comes out as it did."""
    word = strict.text(claim.get("threshold"), place, "`threshold`, a decimal text,")
    passed = claim.get("passed")
    if not isinstance(passed, bool):
        raise MethodError(f"{place}: `passed` is {passed!r:.60}, where true or false is expected")
    if not _DECIMAL.fullmatch(word) or not 0 <= (share := Fraction(word)) <= 1:
        raise MethodError(
            f"{place}: the threshold {word[:60]!r} is no share between 0 and 1; only metrics "
            "that are a share of the samples are read"
        )
    bar = share * of
    comparator = claim.get("comparator")
    if (comparator == ">=" and passed) or (comparator == "<" and not passed):
        return ceil(bar), of, passed
    if (comparator == ">" and passed) or (comparator == "<=" and not passed):
        return floor(bar) + 1, of, passed
    if (comparator == "<=" and passed) or (comparator == ">" and not passed):
        return 0, floor(bar), passed
    if (comparator == "<" and passed) or (comparator == ">=" and not passed):
        return 0, ceil(bar) - 1, passed
    raise MethodError(f"{place}: `{comparator!r:.20}` is none of >=, >, <=, <")


def _id(body: Mapping[str, Any], place: str) -> str:
    who = strict.mapping(body.get("verifier"), place, "`verifier`")
    return strict.text(who.get("id"), place, "`verifier.id`")[:300]


def _test(statement: Statement, name: str) -> Finding:
    """A warned test is known neither to pass nor to fail."""
    body, place = statement.predicate, statement.place
    if name:
        raise MethodError(f"{place}: a test-result has no metric; leave `name` out")
    result = body.get("result")
    if result not in ("PASSED", "WARNED", "FAILED"):
        raise MethodError(f"{place}: `result` is {result!r:.40}; it is PASSED, WARNED or FAILED")
    lists = {
        key: _names(body.get(key, []), place, key)
        for key in ("passedTests", "warnedTests", "failedTests")
    }
    everything = [test for tests in lists.values() for test in tests]
    if len(set(everything)) != len(everything):
        raise MethodError(f"{place}: a test is named twice; how it ended is open")
    if result != "FAILED" and lists["failedTests"]:
        raise MethodError(f"{place}: the result is {result}, and `failedTests` names tests")
    passed = len(lists["passedTests"])
    return Finding(
        passed=result == "PASSED",
        least=passed,
        most=passed + len(lists["warnedTests"]),
        of=len(everything),
        by=str(body.get("url", "not said"))[:300],
        at="",
        said={
            "result": str(result),
            "failed": "; ".join(lists["failedTests"][:20])[:1000] or "none named",
            "warned": "; ".join(lists["warnedTests"][:20])[:1000] or "none named",
        },
    )


def _names(value: Any, place: str, key: str) -> Sequence[str]:
    return [strict.text(v, place, f"an entry of `{key}`") for v in strict.listed(value, place, key)]


def _svr(statement: Statement, name: str) -> Finding:
    body, place = statement.predicate, statement.place
    if not name:
        raise MethodError(f"{place}: choose one of the verified properties with `name`")
    properties = _names(body.get("properties"), place, "properties")
    return Finding(
        passed=name in properties,
        least=0,
        most=0,
        of=0,
        by=_id(body, place),
        at=strict.text(body.get("timeCreated", ""), place, "`timeCreated`"),
        said={"properties": ", ".join(properties[:50])[:1000]},
    )
