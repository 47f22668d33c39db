"""Outputs, tests and objectives that a case brings along: tables, and Python of its own.

A line of a table is

    {"output": TEXT, "reward": NUMBER, "reference": WEIGHT, "tests": {NAME: 0 or 1, ...},
     "objectives": {NAME: NUMBER from 0 to 1, ...}}

`reference` may be left out (all alike), and so may `tests` and `objectives` where Python gives
them. `file.py@name` for outputs is a list of such mappings, or a function without arguments that
returns one; for tests and objectives it is a mapping from names to functions of the output's text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from safetycase.methods.case_code import own_object
from safetycase.methods.deployment.search.space import CLASSES, Output, free_choices
from safetycase.methods.imported.strict import input_file, lines_of, mapping, number, text
from safetycase.plugin.contract import Context, MethodError

__all__ = ["outputs_of"]

KEYS = {"output", "reward", "reference", "tests", "objectives"}
MOST_OUTPUTS = 100_000


def outputs_of(
    inputs: tuple[str, ...],
    context: Context,
    *,
    count: int,
    solutions: str,
    tests: str,
    objectives: str,
) -> tuple[Output, ...]:
    """Every output that the case names, with its tests; `MethodError` with place and reason."""
    if sum((bool(inputs), bool(solutions), bool(count))) != 1:
        raise MethodError(
            "say in one of three ways what the outputs are: files under `inputs`, `solutions` as "
            "`file.py@name`, or a number of `free_choices`"
        )
    if count:
        found: Sequence[Output] = free_choices(count, tests if tests in CLASSES else "bits")
    else:
        rows = _of_files(inputs, context) if inputs else _of_code(solutions, context)
        found = [output for output, _ in zip(rows, range(MOST_OUTPUTS + 1), strict=False)]
    if len(found) > MOST_OUTPUTS:
        raise MethodError(f"more than {MOST_OUTPUTS:,} outputs; leave some out")
    own_tests = {} if tests in ("", *CLASSES) else _functions(context, tests, "test")
    if tests in CLASSES and not count:
        own_tests = _choices(found, tests)
    own_objectives = _functions(context, objectives, "objective") if objectives else {}
    return tuple(_with(output, own_tests, own_objectives) for output in found)


def _choices(found: Sequence[Output], tests: str) -> dict[str, Any]:
    """The built-in classes, where every output is a text of 0 and 1 of one length."""
    sizes = {len(output.text) for output in found}
    if len(sizes) > 1 or any(set(output.text) - {"0", "1"} for output in found):
        raise MethodError(
            f"the tests `{tests}` are of outputs that are texts of 0 and 1 of one length; give "
            "tests of your own as `file.py@name`, or in the table"
        )
    names = CLASSES[tests](found[0].text) if found else {}
    return {name: (lambda output, name=name: CLASSES[tests](output)[name]) for name in names}


def _of_files(inputs: tuple[str, ...], context: Context) -> Iterator[Output]:
    for name in inputs:
        for place, line in lines_of(input_file(context, name)):
            yield _output(mapping(line, place, "the line"), place)


def _of_code(solutions: str, context: Context) -> Iterator[Output]:
    found = own_object(context.case_folder, solutions)
    try:
        rows = list(found() if callable(found) else found)  # type: ignore[arg-type]
    except Exception as error:
        raise MethodError(f"`{solutions}` gives no list of outputs: {error}") from error
    for count, row in enumerate(rows, 1):
        place = f"`{solutions}`, output {count}"
        if not isinstance(row, Mapping):
            raise MethodError(f"{place}: not a mapping with `output` and `reward`")
        yield _output(dict(row), place)


def _output(row: Mapping[str, Any], place: str) -> Output:
    odd = sorted(str(key)[:30] for key in row if key not in KEYS)
    if odd or not {"output", "reward"} <= set(row):
        raise MethodError(
            f"{place}: an output has `output` and `reward`, and may have `reference`, `tests` and "
            f"`objectives`; here are {', '.join(f'`{key}`' for key in odd) or 'too few keys'}"
        )
    reference = number(row.get("reference", 1.0), place, "`reference`")
    if not 0 <= reference < math.inf:
        raise MethodError(f"{place}: `reference` is a weight of at least 0")
    reward = number(row["reward"], place, "`reward`")
    if not math.isfinite(reward):
        raise MethodError(f"{place}: `reward` is {reward!r}, where a finite number is expected")
    return Output(
        text=text(row["output"], place, "`output`"),
        reward=reward,
        reference=reference,
        tests=_tests(mapping(row.get("tests", {}), place, "`tests`"), place),
        objectives=_objectives(mapping(row.get("objectives", {}), place, "`objectives`"), place),
    )


def _tests(row: Mapping[str, Any], place: str) -> dict[str, int]:
    for name, value in row.items():
        if value not in (0, 1):
            raise MethodError(f"{place}: the test `{name[:60]}` gives {value!r:.40}, not 0 or 1")
    return {str(name): int(value) for name, value in row.items()}


def _objectives(row: Mapping[str, Any], place: str) -> dict[str, float]:
    found = {}
    for name, value in row.items():
        found[str(name)] = number(value, place, f"the objective `{name[:60]}`")
        if not 0 <= found[str(name)] <= 1:
            raise MethodError(f"{place}: the objective `{name[:60]}` is a number from 0 to 1")
    return found


def _functions(context: Context, spec: str, what: str) -> dict[str, Any]:
    found = own_object(context.case_folder, spec)
    if not isinstance(found, Mapping) or not found or not all(map(callable, found.values())):
        raise MethodError(
            f"`{spec}` is no mapping from names to functions; each {what} is one, of the text"
        )
    return {str(name): function for name, function in found.items()}


def _with(output: Output, tests: Mapping[str, Any], objectives: Mapping[str, Any]) -> Output:
    place = f"the output `{output.text[:40]}`"

    def values(functions: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, function in functions.items():
            try:
                value = function(output.text)
                # numpy's own numbers and booleans are taken as Python's
                found[name] = value.item() if hasattr(value, "item") else value
            except Exception as error:
                raise MethodError(f"{place}: `{name}` fails: {error}") from error
            if isinstance(found[name], bool):
                found[name] = int(found[name])
        return found

    if not tests and not objectives:
        return output
    return Output(
        text=output.text,
        reward=output.reward,
        reference=output.reference,
        tests={**output.tests, **_tests(values(tests), place)},
        objectives={**output.objectives, **_objectives(values(objectives), place)},
    )
