"""Structures of every kind for the tests of SACM."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from safetycase.argument.structure import (
    ClaimPoint,
    Declaration,
    Link,
    LinkKind,
    ModuleInfo,
    Part,
    PartType,
    Structure,
)

IDS = ["G1", "G2", "S1", "S2", "Sn1", "Sn2", "C1", "A1", "J1", "m/G 1", "1é", "sc.x.1", "ACP1", ""]
LINKS = ["", "", "L1", "L2", "L 3", "G1", "sc.inference.1"]
TEXT = st.one_of(
    st.sampled_from(["", "G1", "Two words", 'a "q" & <b> \n\t ]]> -->', "  x  ", "日本"]),
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="￾￿"),
        max_size=8,
    ),
)
KEYS = ["sc.status", "sc.type", "sc.tag.x", "note", "sacm.attribute.x", "sc.optional@2", "k k"]
FOREIGN = {
    "sacm.lang": "de",
    "sacm.text.fr": "Une phrase",
    "sacm.class": "ArtifactReference",
    "sacm.name": "Main inference",
    "sacm.description": "Why it follows",
    "sacm.declaration": "axiomatic",
    "sacm.artifact.id": "art_1",
    "sacm.artifact.version": "1.2",
    "sacm.artifact.kind": "Resource",
    "sacm.id": "package_1",
    "sacm.reasoning": "S1",
}
TAGS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), TEXT, max_size=2),
    st.sets(st.sampled_from(sorted(FOREIGN)), max_size=3).map(
        lambda keys: {key: FOREIGN[key] for key in sorted(keys)}
    ),
)
MODULES = ["", "main", "other module", "G1"]


@st.composite
def parts(draw: st.DrawFn, key: str) -> Part:
    flag = st.booleans()
    return Part(
        id=key,
        type=draw(st.sampled_from(get_args(PartType))),
        text=draw(TEXT),
        name=draw(st.sampled_from(["", key, "name", "a name"])),
        module=draw(st.sampled_from(MODULES)),
        away=draw(st.sampled_from(["", "", "G1", "S1", "elsewhere/X", "main"])),
        undeveloped=draw(flag),
        uninstantiated=draw(flag),
        public=draw(flag),
        by_contract=draw(flag),
        defeated=draw(flag),
        counter=draw(flag),
        declaration=draw(st.sampled_from(get_args(Declaration))),
        url=draw(st.sampled_from(["", "evals/a.json", "https://x.org/?a=1&b=2"])),
        tags=draw(TAGS),
    )


def links(ids: list[str]) -> st.SearchStrategy[Link]:
    ends = st.sampled_from([*ids, *ids, "gone"])
    flag = st.booleans()
    return st.builds(
        Link,
        kind=st.sampled_from(["supported by", *get_args(LinkKind)]),
        source=ends,
        target=st.one_of(ends, st.just("")),
        id=st.sampled_from(LINKS),
        target_link=st.sampled_from(["", "", "", *LINKS]),
        inference=st.sampled_from(["", "", "I1", "I 2", "G1"]),
        defeated=flag,
        optional=flag,
        multiplicity=st.sampled_from(["", "n", "1..3"]),
        choice=st.sampled_from(["", "c"]),
        choose=st.sampled_from(["", "1"]),
        tags=TAGS,
    )


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=8))
    found = {key: draw(parts(key)) for key in ids}
    names = draw(st.lists(st.sampled_from(MODULES), unique=True, max_size=3))
    words = st.lists(st.sampled_from(["a", "b c", ""]), max_size=2).map(tuple)
    flag = st.booleans()
    modules: dict[str, Any] = {
        name: ModuleInfo(
            name=name,
            file=draw(TEXT),
            title=draw(TEXT),
            brief=draw(TEXT),
            uses=draw(words),
            extends=draw(st.dictionaries(st.sampled_from(["x", "G1"]), words, max_size=2)),
            contract=draw(flag),
            pattern=draw(flag),
            published=draw(flag),
            headings=draw(words),
            tags=draw(TAGS),
        )
        for name in names
    }
    joined = st.lists(links(ids), max_size=10) if ids else st.just([])
    points = st.builds(
        ClaimPoint,
        id=st.sampled_from(["ACP1", "ACP 2", "G1", ""]),
        on_part=st.sampled_from(["", *ids, "gone"]),
        on_links=st.lists(st.sampled_from(["L1", "L2", "gone"]), max_size=2).map(tuple),
        argued_by=st.sampled_from(["", "main", "gone", *ids]),
    )
    return Structure(
        title=draw(TEXT),
        parts=found,
        links=tuple(draw(joined)),
        points=tuple(draw(st.lists(points, max_size=2))),
        modules=modules,
        tags=draw(TAGS),
    )
