"""Edits on spans: what they touch changes, everything else stays byte for byte."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from safetycase.argument.edits import (
    EditError,
    Lines,
    TextEdit,
    apply,
    apply_to_files,
    by_file,
    insertion,
)
from safetycase.argument.findings import Span
from safetycase.argument.nodes import span_of

MODEST = settings(max_examples=60, deadline=None)
TEXTS = st.text(st.sampled_from("ab é😀#:\t\n\r\x85\u2028\u2029\x0b\x0c"), max_size=40)


def place(line: int, column: int, end_line: int = 0, end_column: int = 0) -> Span:
    return Span(
        file="case.yaml", line=line, column=column, end_line=end_line, end_column=end_column
    )


def edit(span: Span, text: str) -> TextEdit:
    return TextEdit(span=span, text=text)


def test_a_replacement_keeps_comments_and_blanks() -> None:
    text = "a:  one   # why\n\nb: two\n"
    changed = apply(text, [edit(place(1, 5, 1, 8), "three"), edit(place(3, 1, 3, 2), "c")])
    assert changed == "a:  three   # why\n\nc: two\n"


def test_no_edit_changes_nothing() -> None:
    assert apply("a\r\nb", []) == "a\r\nb"


def test_an_insertion_takes_the_line_ends_of_the_file() -> None:
    added = insertion("case.yaml", 2, 1, "x: 1\ny: 2\n")
    assert apply("a: 1\r\nb: 2\r\n", [added]) == "a: 1\r\nx: 1\r\ny: 2\r\nb: 2\r\n"
    assert apply("a: 1\rb: 2", [added]) == "a: 1\rx: 1\ry: 2\rb: 2"
    assert apply("a: 1\nb: 2", [added]) == "a: 1\nx: 1\ny: 2\nb: 2"


def test_insertions_at_one_place_stand_in_the_order_given_and_before_a_replacement() -> None:
    edits = [
        edit(place(1, 2, 1, 3), "B"),
        insertion("case.yaml", 1, 2, "1"),
        insertion("case.yaml", 1, 2, "2"),
        insertion("case.yaml", 1, 3, "3"),
    ]
    assert apply("abc", edits) == "a12B3c"


def test_a_span_without_an_end_is_an_insertion() -> None:
    assert apply("abc", [edit(place(1, 2), "-")]) == "a-bc"


@pytest.mark.parametrize(
    "spans",
    [
        [place(1, 1, 1, 3), place(1, 2, 1, 4)],
        [place(1, 1, 1, 4), place(1, 2, 1, 3)],
        [place(1, 1, 1, 2), place(1, 1, 1, 2)],
        [place(1, 1, 1, 4), place(1, 2, 1, 2)],  # an insertion inside what is replaced
    ],
)
def test_overlaps_are_refused(spans: list[Span]) -> None:
    for order in (spans, spans[::-1]):
        with pytest.raises(EditError, match="overlaps"):
            apply("abcdef", [edit(span, "x") for span in order])


def test_edits_that_touch_do_not_overlap() -> None:
    assert apply("abcd", [edit(place(1, 3, 1, 5), "y"), edit(place(1, 1, 1, 3), "x")]) == "xy"


@pytest.mark.parametrize(
    "span",
    [place(0, 1), place(1, 0), place(1, 5), place(3, 2), place(4, 1), place(1, 3, 1, 2)],
)
def test_places_outside_the_text_are_refused(span: Span) -> None:
    with pytest.raises(EditError):
        apply("abc\nd", [edit(span, "x")])


def test_yaml_ends_a_document_in_the_line_after_the_last() -> None:
    assert apply("abc\n", [edit(place(1, 1, 2, 1), "x")]) == "x"
    assert apply("abc", [edit(place(1, 1, 2, 1), "x")]) == "x"


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", None)])
def test_a_byte_order_mark_is_kept_and_has_no_column(loader: type[yaml.SafeLoader] | None) -> None:
    text = "\ufeffa: b\n"
    key, _ = yaml.compose(text, Loader=loader or yaml.SafeLoader).value[0]
    assert apply(text, [edit(span_of(key, "case.yaml"), "c")]) == "\ufeffc: b\n"
    assert Lines(text).position(0) == (1, 1)


def test_edits_of_several_files_are_grouped_and_never_mixed() -> None:
    ours = edit(place(1, 1, 1, 2), "A")
    theirs = insertion("modules/m.yaml", 1, 1, "B")
    with pytest.raises(EditError, match="several files"):
        apply("a", [ours, theirs])
    assert by_file([ours, theirs, ours]) == {
        "case.yaml": (ours, ours),
        "modules/m.yaml": (theirs,),
    }
    texts = {"case.yaml": "a", "modules/m.yaml": "b", "other.yaml": "c"}
    assert apply_to_files(texts, [ours, theirs]) == {"case.yaml": "A", "modules/m.yaml": "Bb"}
    with pytest.raises(EditError, match=r"no text of modules/m\.yaml"):
        apply_to_files({"case.yaml": "a"}, [theirs])


@MODEST
@given(TEXTS)
def test_positions_and_offsets_are_inverse(text: str) -> None:
    lines = Lines(text)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n" and offset:
            continue  # between the two is no place of its own
        assert lines.offset(*lines.position(offset)) == offset


@MODEST
@given(TEXTS, st.data())
def test_what_lies_between_the_edits_is_kept(text: str, data: st.DataObject) -> None:
    places = [i for i in range(len(text) + 1) if not i or text[i - 1 : i + 1] != "\r\n"]
    cuts = sorted(data.draw(st.lists(st.sampled_from(places), max_size=6)))
    lines = Lines(text)
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    edits = [edit(lines.span("case.yaml", a, b), f"<{i}>") for i, (a, b) in enumerate(pairs)]
    kept, done = [], 0
    for i, (a, b) in enumerate(pairs):
        kept += [text[done:a], f"<{i}>"]
        done = b
    shuffled = data.draw(st.permutations(edits)) if len(set(cuts)) == len(cuts) else edits
    assert apply(text, shuffled) == "".join([*kept, text[done:]])


@MODEST
@given(
    st.lists(st.text(st.sampled_from("abé😀"), min_size=1, max_size=5), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r", "\x85", "\u2028"]),
    st.sampled_from([yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)]),
)
def test_the_marks_of_yaml_select_exactly_its_words(
    words: list[str], line_end: str, loader: type[yaml.SafeLoader]
) -> None:
    text = "".join(f'{word}{i}:  "{word}"  # {word}{line_end}' for i, word in enumerate(words))
    node = yaml.compose(text, Loader=loader)
    lines = Lines(text)
    for i, (key, value) in enumerate(node.value):
        start, end = lines.range(span_of(key, "case.yaml"))
        assert text[start:end] == f"{words[i]}{i}"
        start, end = lines.range(span_of(value, "case.yaml"))
        assert text[start:end] == f'"{words[i]}"'
