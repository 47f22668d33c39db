from __future__ import annotations

import json
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetycase.ledger import canonical
from safetycase.ledger.canonical import DEEPEST, CanonicalError, digest, dumps, loads

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.slow
@given(values)
def test_round_trip_has_one_spelling(value: Any) -> None:
    data = dumps(value)
    assert loads(data) == value
    assert dumps(loads(data)) == data
    assert json.loads(data) == value


@pytest.mark.slow
@given(values)
def test_spaces_and_escapes_do_not_change_the_value(value: Any) -> None:
    spaced = json.dumps(value, indent=2, ensure_ascii=True).encode()
    assert dumps(loads(spaced)) == dumps(value)


def test_the_bytes_are_fixed() -> None:
    value = {"b": [1, True, None, 'é\n\x1f\x7f"\\/'], "a": {"": -5}}
    assert dumps(value) == b'{"a":{"":-5},"b":[1,true,null,"\xc3\xa9\\n\\u001f\x7f\\"\\\\/"]}'


class Word(StrEnum):
    A = "a"


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "why"),
    [
        ({"a": [0, {"b": 1.5}]}, "$.a[1].b", "decimal string"),
        ({"a": float("nan")}, "$.a", "decimal string"),
        ([float("inf")], "$[0]", "decimal string"),
        ({"a": {1: "x"}}, "$.a[1]", "key that is not a string"),
        ({"a": {None: "x"}}, "$.a[None]", "key that is not a string"),
        ({"a": (1, 2)}, "$.a", "tuple"),
        ({"a": b"x"}, "$.a", "bytes"),
        ({"a": Word.A}, "$.a", "Word"),
        ({"a": MappingProxyType({})}, "$.a", "mappingproxy"),
        ({"a": "\ud800"}, "$.a", "surrogate"),
        ({"a": {"\udfff": 1}}, "$.a['\\udfff']", "surrogate"),
        ({"a": 2**64}, "$.a", "64 bits"),
        ({"a": -(2**63) - 1}, "$.a", "64 bits"),
    ],
)
def test_what_has_no_canonical_form_is_named(value: Any, path: str, why: str) -> None:
    with pytest.raises(CanonicalError, match=why) as caught:
        dumps(value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        (b'{"a":{"b":1,"c":2,"b":3}}', "$.a", "'b' stands twice"),
        (b'[{"a":1.0}]', "$[0].a", "1.0 is not an integer"),
        (b'{"a":1e3}', "$.a", "1e3"),
        (b'{"a":NaN}', "$.a", "NaN"),
        (b'{"a":-Infinity}', "$.a", "-Infinity"),
        (b'{"a":"\\ud800"}', "$.a", "surrogate"),
        (b'{"\\udc00":1}', "$['\\udc00']", "surrogate"),
        (b'{"a":18446744073709551616}', "$.a", "64 bits"),
        (b'"\xff"', "$", "UTF-8"),
        (b"\xef\xbb\xbf{}", "$", "not JSON"),
        (b"", "$", "not JSON"),
        (b"{} {}", "$", "not JSON"),
        (b"9" * 5000, "$", "not JSON"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(
    text: bytes, path: str, why: str
) -> None:
    with pytest.raises(CanonicalError, match=why) as caught:
        loads(text)
    assert caught.value.path == path


def test_nesting_stops_at_the_limit() -> None:
    assert loads(dumps(nested(DEEPEST))) == nested(DEEPEST)
    with pytest.raises(CanonicalError, match="nested deeper than 64"):
        dumps(nested(DEEPEST + 1))
    with pytest.raises(CanonicalError, match="nested deeper than 64"):
        loads(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_depth_bomb_is_an_error_and_no_crash(opening: bytes) -> None:
    with pytest.raises(CanonicalError, match="nested deeper than 64"):
        loads(opening * 200_000)


def test_digests_of_two_domains_differ_and_are_fixed() -> None:
    value = {"a": 1}
    # printf 'safetycase:recipe\0{"a":1}' | sha256sum
    assert digest(value, domain="recipe") == (
        "12048661e64cd60fd47b2dc36ae97effffcec7158d1913902fedbe92f2acef7f"
    )
    assert digest(value, domain="recipe") != digest(value, domain="recipe2")
    with pytest.raises(ValueError, match="domain"):
        digest(value, domain="a\0b")
    with pytest.raises(ValueError, match="domain"):
        digest(value, domain="")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}', "[1.5]", "[1e3]", "[NaN]", "[-Infinity]", "[18446744073709551616]",
        "[-9223372036854775809]", '["\\ud800"]', '["\\uDFFF"]', '{"\\udc00":1}',
        "[" * 65 + "]" * 65,
        "[" * 100_000, "", "[1", "\ufeff[]", "[01]", "{'a':1}", "[1,]", '["\x01"]',
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_at_the_first_look_and_at_the_second(text: str) -> None:
    with pytest.raises(canonical.CanonicalError) as found:
        canonical.loads(text.encode())
    with pytest.raises(canonical.CanonicalError) as again:
        canonical._with_care(text)
    assert str(found.value) == str(again.value)


@pytest.mark.parametrize(
    "text",
    [
        "[18446744073709551615,-9223372036854775808]", '["\\ud83d\\ude00"]', "[" * 64 + "]" * 64,
        ' { "b" : [ true , null ] , "a" : "\\u00e9" } ', "[[]" + ",[]" * 100 + "]", '"\\\\ud800"',
    ],
)  # fmt: skip
def test_what_is_read_is_read_alike_at_both_looks(text: str) -> None:
    value = canonical.loads(text.encode())
    assert value == canonical._with_care(text)
    assert canonical.spell(value) == canonical.dumps(value)
