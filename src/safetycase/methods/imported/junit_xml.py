"""JUnit XML -> test results, in one pass without a tree: no document types, no entities.

JUnit XML has no standard; read here is what pytest, Maven Surefire, Gradle and Jenkins write:
`testsuite` in `testsuites` or in another, `testcase` with `failure`, `error`, `skipped`, and
Surefire's `rerunFailure`, `rerunError`, `flakyFailure`, `flakyError`. GoogleTest and CTest tell a
test that was not run by the attributes `status` and `result` alone: any word there that does not
say that the test ran counts as skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from safetycase.methods.imported.strict import read
from safetycase.plugin.contract import MethodError

__all__ = ["Report", "Result", "read_report"]

MAX_DEPTH = 64
MAX_CASES = 1_000_000
_TEXT = 4000
_COUNTED = ("tests", "failures", "errors", "skipped")
_VERDICTS = ("failure", "error", "skipped")
_RAN = frozenset(
    ("", "run", "completed", "passed", "pass", "ok", "success", "successful", "succeeded")
)
_FAILED = frozenset(("fail", "failed", "failure", "broken", "timeout", "timedout", "crashed"))
_AGAIN = ("rerunFailure", "rerunError", "flakyFailure", "flakyError", "rerun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One `testcase`: its name, what it says went wrong, and how often it was run again."""

    name: str
    verdicts: tuple[str, ...]
    again: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All test cases of a file in their order, and when its first suite says it was made."""

    results: tuple[Result, ...]
    suites: tuple[str, ...]
    made_at: str
    host: str


@dataclass(slots=True)
class _Suite:
    name: str
    declared: Mapping[str, int]
    line: int
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))


@dataclass(slots=True)
class _Case:
    name: str
    verdicts: list[str] = field(default_factory=list)
    again: int = 0
    message: list[str] = field(default_factory=list)


def read_report(path: Path) -> Report:
    """Read a JUnit XML file; `MethodError` with the line for what is not one, or is cut short."""
    reader = _Reader(path.name)
    try:
        reader.parser.Parse(read(path), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise MethodError(f"`{path.name}` line {error.lineno}: not XML: {why}") from error
    except (UnicodeError, LookupError, ValueError) as error:
        raise MethodError(f"`{path.name}`: not XML in an encoding that is read: {error}") from error
    if not reader.results:
        raise MethodError(f"`{path.name}` holds no `testcase`: no test was run, or it is no JUnit")
    return Report(
        results=tuple(reader.results),
        suites=tuple(dict.fromkeys(reader.names)),
        made_at=reader.made_at,
        host=reader.host,
    )


class _Reader:
    """The handlers of one parse; expat calls them, so the state has to live somewhere."""

    def __init__(self, name: str) -> None:
        self.file = name
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype
        self.open: list[str] = []
        self.suites: list[_Suite] = []
        self.case: _Case | None = None
        self.results: list[Result] = []
        self.names: list[str] = []
        self.made_at = self.host = ""

    def fail(self, why: str) -> MethodError:
        return MethodError(f"`{self.file}` line {self.parser.CurrentLineNumber}: {why}")

    def doctype(self, *_: Any) -> None:
        raise self.fail("a document type or an entity is refused; write the file without it")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.open and tag not in ("testsuites", "testsuite"):
            raise self.fail(f"`<{tag[:40]}>` is no JUnit report; it starts with `<testsuites>`")
        if len(self.open) >= MAX_DEPTH:
            raise self.fail(f"elements are nested more than {MAX_DEPTH} deep; flatten the file")
        self.open.append(tag)
        if tag in ("testsuites", "testsuite"):
            self.suite(tag, attributes)
        elif tag == "testcase":
            self.testcase(attributes)
        elif self.case is not None and tag in _VERDICTS:
            self.case.verdicts.append(tag)
            self.case.message.append(attributes.get("message", ""))
        elif self.case is not None and tag in _AGAIN:
            self.case.again += 1
        elif self.case is None and tag in ("failure", "error"):
            raise self.fail(
                f"`{tag}` stands outside a `testcase`: which tests did not pass is open"
            )

    def suite(self, tag: str, attributes: dict[str, str]) -> None:
        if self.case is not None:
            raise self.fail("a `testsuite` stands inside a `testcase`")
        declared = {}
        for key in _COUNTED:
            word = attributes.get(key, "").strip()
            if word:
                if not (word.isascii() and word.isdigit() and len(word) < 10):
                    raise self.fail(f"`{key}` is `{word[:40]}`, where a count is expected")
                declared[key] = int(word)
        self.suites.append(
            _Suite(
                name=attributes.get("name", ""),
                declared=declared,
                line=self.parser.CurrentLineNumber,
            )
        )
        if tag == "testsuite":
            self.names.append(attributes.get("name", ""))
        self.made_at = self.made_at or attributes.get("timestamp", "")
        self.host = self.host or attributes.get("hostname", "")

    def testcase(self, attributes: dict[str, str]) -> None:
        if self.case is not None:
            raise self.fail("a `testcase` stands inside another")
        if len(self.results) >= MAX_CASES:
            raise self.fail(f"more than {MAX_CASES} tests; split the file")
        parts = (attributes.get("classname", ""), attributes.get("name", ""))
        name = "::".join(part for part in parts if part)
        if not name:
            raise self.fail("a `testcase` has no name")
        self.case = _Case(name=name)
        said = {attributes.get(key, "").strip().casefold() for key in ("status", "result")}
        if said & _FAILED:
            self.case.verdicts.append("failure")
        elif said - _RAN:
            self.case.verdicts.append("skipped")

    def data(self, content: str) -> None:
        if self.case is not None and self.open[-1] in _VERDICTS:
            self.case.message.append(content[:_TEXT])

    def end(self, tag: str) -> None:
        self.open.pop()
        if tag == "testcase" and self.case is not None:
            self.close_case(self.case)
            self.case = None
        elif tag in ("testsuites", "testsuite"):
            self.close_suite(self.suites.pop())

    def close_case(self, case: _Case) -> None:
        verdicts = tuple(dict.fromkeys(case.verdicts))
        self.results.append(
            Result(
                name=case.name,
                verdicts=verdicts,
                again=case.again,
                message="\n".join(m for m in case.message if m.strip())[:_TEXT],
            )
        )
        for suite in self.suites:
            suite.found["tests"] += 1
            for verdict, key in zip(_VERDICTS, _COUNTED[1:], strict=True):
                suite.found[key] += verdict in verdicts

    def close_suite(self, suite: _Suite) -> None:
        for key, count in suite.declared.items():
            if count > suite.found[key]:
                raise MethodError(
                    f"`{self.file}` line {suite.line}: the suite `{suite.name[:60]}` says "
                    f"{key}={count}, and {suite.found[key]} are in the file: it was cut or "
                    "changed; export it again"
                )
