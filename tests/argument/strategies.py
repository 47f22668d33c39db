"""Random cases with every kind of element and every field, for the tests of all rooms.

`cases()` makes a case of one file whose references all lead somewhere; `module_cases()` spreads
the elements over modules as well. Values are built from the records' type hints, so that a new
field is covered without a change here.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from safetycase.argument import model
from safetycase.argument.decode import KINDS, hints_of
from safetycase.argument.expression import Expression, Formula, parse, parse_formula
from safetycase.argument.scalars import SCALARS

__all__ = ["cases", "elements", "headers", "module_cases", "texts", "values"]

_ODD = ("no", "true", "null", "~", "012", "1:30", "3", "-1.5", "2027-01-01", "- x", "a: b", "a #b")
_ODDER = (
    "a:",
    "'",
    '"',
    "*x",
    "&x",
    "!x",
    "%x",
    "@x",
    "`x`",
    "[",
    "{a}",
    "=fact",
    "...",
    "?",
    "<<",
)
_LONG = ("a", "longer", "sentence", "than", "fits")
_LINES = ("one line", "two lines", "#three", "")
_WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
_SENTENCE = st.lists(st.sampled_from(["the", "model", "is:", "#safe,", "enough", "—", "5 %", "a"]))


def texts() -> st.SearchStrategy[str]:
    """Text that is not blank: sentences, odd words of YAML, several lines, any character."""
    return st.one_of(
        _SENTENCE.map(" ".join),
        st.lists(st.sampled_from(_LONG), min_size=30).map(" ".join),
        st.sampled_from(_ODD + _ODDER),
        st.lists(st.sampled_from(_LINES), min_size=2).map("\n".join),
        _WORDS,
    ).filter(lambda text: bool(text.strip()))


def _numbers() -> st.SearchStrategy[float]:
    return st.one_of(
        st.sampled_from((0.05, 0.9, 0.95, 1.0, 1e-9, 2.5e17)),
        st.floats(min_value=0, max_value=1, allow_nan=False),
    )


_CRITERIA = ("rate <= 0.20", "a <= 1 and b >= 20%", "not (x > 3) or y < 0.5", "n * p <= 100")
_BY_TYPE: Mapping[Any, st.SearchStrategy[Any]] = {
    int: st.integers(min_value=-5, max_value=10**12),
    float: _numbers(),
    bool: st.booleans(),
    date: st.dates(min_value=date(1000, 1, 1)),
    model.Duration: st.sampled_from(("90 days", "1 hour", "12 months")).map(
        lambda word: SCALARS[model.Duration][0](word)
    ),
    model.Fact: st.sampled_from(("40 staff", "10000 samples per month", "the whole house")).map(
        lambda word: SCALARS[model.Fact][0](word)
    ),
    Expression: st.sampled_from(_CRITERIA).map(parse),
    Formula: st.sampled_from(("rate * samples", "a + 2 * b")).map(parse_formula),
}


def json_values() -> st.SearchStrategy[Any]:
    """Parameter values: text, numbers, true/false, lists (as tuples) and mappings."""
    leaves = st.one_of(texts(), st.just(""), st.booleans(), st.integers(-9, 10**9), _numbers())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(texts().filter(lambda k: len(k) < 200), inner, max_size=3),
        ),
        max_leaves=6,
    )


def values(hint: Any, ids: Mapping[str, tuple[str, ...]]) -> st.SearchStrategy[Any] | None:
    """Values of a type hint; references are drawn from `ids` by kind. None: nothing fits."""
    origin = get_origin(hint)
    if origin is Annotated:
        known = tuple(n for kind in get_args(hint)[1].kinds for n in ids.get(kind, ()))
        return st.sampled_from(known) if known else None
    if origin in (Union, types.UnionType):
        return values(next(a for a in get_args(hint) if a is not type(None)), ids)
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin is tuple:
        inner = values(get_args(hint)[0], ids)
        return st.just(()) if inner is None else st.lists(inner, max_size=4).map(tuple)
    if hint is Any:
        return json_values()
    if origin is not None and issubclass(origin, Mapping):
        short = texts().filter(lambda key: len(key) < 99)
        keys = st.one_of(st.sampled_from(("task", "n", "RATE")), short)
        inner = values(get_args(hint)[1], ids)
        return st.dictionaries(keys, inner, max_size=3)
    if hint is str:
        return texts()
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    return records(hint, ids)


def records(
    record: type[Any], ids: Mapping[str, tuple[str, ...]], **given: Any
) -> st.SearchStrategy[Any]:
    """Records with any of their optional fields."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in dataclasses.fields(record):
        if field.name in given:
            continue
        found = values(hints_of(record)[field.name], ids)
        optional = field.default is not dataclasses.MISSING
        factory = field.default_factory is not dataclasses.MISSING
        if optional:
            none = st.just(field.default)
            fields[field.name] = none if found is None else st.one_of(none, found)
        elif factory:
            fields[field.name] = st.one_of(st.just(field.default_factory()), found)
        else:
            assert found is not None, (record, field.name)
            fields[field.name] = found
    return st.builds(record, **fields, **{name: st.just(value) for name, value in given.items()})


def elements(name: str, kind: str, ids: Mapping[str, tuple[str, ...]]) -> st.SearchStrategy[Any]:
    """An element of a kind with the id `name`."""
    if kind != "argument":
        return records(KINDS[kind], ids, id=name)
    known = [n for legs in ("claim", "assumption", "evidence") for n in ids.get(legs, ())]
    despite = st.dictionaries(st.sampled_from(known), texts(), max_size=2)
    steps = records(KINDS[kind], ids, id=name, concludes=None, despite={})
    return st.builds(lambda step, legs: dataclasses.replace(step, despite=legs), steps, despite)


def headers(modules: Mapping[str, str] | None = None) -> st.SearchStrategy[model.Header]:
    """Headers with every field."""
    return records(model.Header, {}, modules=dict(modules or {}))


def _ids(kinds: list[str], prefix: str = "") -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for at, kind in enumerate(["claim", *kinds]):
        found[kind] = (*found.get(kind, ()), f"{prefix}{kind[:2].upper()}-{at}")
    return found


_KINDS = st.lists(st.sampled_from(sorted(KINDS)), max_size=7)


@st.composite
def cases(draw: st.DrawFn) -> model.Case:
    """A case of one file; supports may be shared and may loop."""
    ids = _ids(draw(_KINDS))
    return model.Case(
        header=draw(headers()),
        root=draw(st.sampled_from(ids["claim"])),
        elements={n: draw(elements(n, k, ids)) for k, names in ids.items() for n in names},
    )


@st.composite
def module_cases(draw: st.DrawFn) -> model.Case:
    """A case with two modules; the case file refers into both, and one into the other."""
    names = ("alpha", "beta")
    own = {"": _ids(draw(_KINDS)), **{n: _ids(draw(_KINDS), f"{n}/") for n in names}}
    everything: dict[str, tuple[str, ...]] = {}
    for ids in own.values():
        for kind, known in ids.items():
            everything[kind] = (*everything.get(kind, ()), *known)
    beyond = {kind: tuple(n for n in known if "/" in n) for kind, known in everything.items()}
    found: dict[str, model.Element] = {}
    for module, ids in own.items():
        seen = {k: (*ids.get(k, ()), *beyond.get(k, ())) for k in everything}
        for kind, known in ids.items():
            for name in known:
                found[name] = draw(elements(name, kind, everything if not module else seen))
    modules = {
        name: model.Module(
            name=name,
            file=f"modules/{name}.yaml",
            title=draw(texts()),
            public=tuple(n for known in own[name].values() for n in known),
            root=draw(st.sampled_from((None, own[name]["claim"][0]))),
        )
        for name in names
    }
    header = draw(headers({name: module.file for name, module in modules.items()}))
    root = draw(st.sampled_from(everything["claim"]))
    return model.Case(header=header, root=root, elements=found, modules=modules)
