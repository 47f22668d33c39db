"""Arguments for the tests of gsn2x, and the ways to read and write them."""

import dataclasses

from hypothesis import strategies as st

from safetycase.argument.structure import (
    ClaimPoint,
    Link,
    Loss,
    ModuleInfo,
    Part,
    Structure,
)
from safetycase.interop.gsn2x import FORMAT
from safetycase.plugin.formats import Reading, Source

SAMPLE = """\
module: {name: Case, brief: Toy control argument, owner: board}
G1:
  text: |
    Agent A, deployed as in C1,
    does no severe harm
  supportedBy: [S1]
  inContextOf: C1
  acp: {ACP1: [S1, G1]}
  classes: [red, "thick line"]
  horizontalIndex: {relative: -1}
S1: {text: Argument over two legs, supportedBy: [G2, G3], defeatedRelation: G3}
G2: {text: It cannot evade the monitor, supportedBy: Sn1, defeated: true}
G3: {text: "Actions are stopped: always", undeveloped: true, confidence: "0.83"}
C1: {text: Internal coding deployment}
Sn1: {text: Control evaluation, url: evals/ctrl.json}
CSn1: {text: A model evades the monitor, challenges: G2}
D1: {nodeType: CounterGoal, text: Inputs can be told apart, challenges: G2->Sn1}
"""


def read(*texts: str | bytes, **files: str) -> Reading:
    names = ("argument.yaml", "second.yaml")
    data = [t.encode() if isinstance(t, str) else t for t in texts]
    found = {f"{name}.yaml": text.encode() for name, text in files.items()}
    assert FORMAT.read is not None
    sources = [Source(name=n, data=d) for n, d in zip(names, data, strict=False)]
    return FORMAT.read(sources, found.get)


def reread(structure: Structure) -> tuple[Structure, tuple[Loss, ...]]:
    assert FORMAT.write is not None
    assert FORMAT.read is not None
    written = FORMAT.write(structure, "case")
    main, *_ = written.files
    found = {name: text.encode() for name, text in written.files.items()}
    reading = FORMAT.read([Source(name=main, data=found[main])], found.get)
    assert [f for f in reading.findings if f.code not in ("V01", "F021")] == []
    assert reading.structure is not None
    return reading.structure, written.losses


def plain(structure: Structure) -> Structure:
    """A structure without its places, and with the order that no notation keeps made one."""
    parts = {
        name: dataclasses.replace(part, span=None, name=part.name or part.id)
        for name, part in sorted(structure.parts.items())
    }
    order = {"supported by": 0, "in context of": 1, "challenges": 2}
    links = [dataclasses.replace(link, span=None) for link in structure.links]
    links.sort(key=lambda link: (link.source, order[link.kind]))
    points = [dataclasses.replace(point, span=None) for point in structure.points]
    points.sort(key=lambda p: (p.on_part or p.on_links[0].partition(" ")[0], p.id))
    modules = {
        name: dataclasses.replace(info, span=None, file="")
        for name, info in sorted(structure.modules.items())
    }
    return Structure(
        parts=parts, links=tuple(links), points=tuple(points), modules=modules, title=""
    )


BASE = Structure(
    parts={
        "G1": Part(id="G1", type="goal", name="G1", undeveloped=True),
        "Sn1": Part(id="Sn1", type="solution", name="Sn1"),
        "CG1": Part(id="CG1", type="goal", counter=True, name="CG1"),
    },
    links=(
        Link(kind="supported by", source="G1", target="Sn1"),
        Link(kind="challenges", source="CG1", target="G1"),
    ),
    modules={},
)


def with_part(**fields: object) -> Structure:
    part = dataclasses.replace(BASE.parts["G1"], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(BASE, parts={**BASE.parts, "G1": part})


def with_link(**fields: object) -> Structure:
    link = dataclasses.replace(BASE.links[0], **fields)  # type: ignore[arg-type]
    return dataclasses.replace(BASE, links=(link, *BASE.links[1:]))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
IDS = ["G1", "S2", "Sn3", "C4", "A5", "J6", "CG7", "X8", "no", "G-9"]
TYPES = ["goal", "strategy", "solution", "context", "assumption", "justification"]
LAYERS = st.dictionaries(
    st.sampled_from(["confidence", "sc.status", "owner: x", "true"]), TEXT, max_size=2
)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """What gsn2x can carry, whatever its rules would say about it."""
    names = draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True))
    count = draw(st.integers(1, 3))
    modules = ["Main", "Two words", "ünter"][:count] if draw(st.booleans()) else [""]
    parts = {}
    for position, name in enumerate(names):
        type_ = draw(st.sampled_from(TYPES))
        parts[name] = Part(
            id=name,
            type=type_,  # type: ignore[arg-type]
            text=draw(TEXT),
            module=modules[position % len(modules)],
            undeveloped=draw(st.booleans()),
            defeated=draw(st.booleans()),
            counter=type_ in ("goal", "solution") and draw(st.booleans()),
            url=draw(TEXT),
            tags=draw(LAYERS),
        )
    links = []
    for name in names:
        for kind in ("supported by", "in context of"):
            targets = draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True))
            links += [Link(kind=kind, source=name, target=t) for t in targets]  # type: ignore[arg-type]
        if draw(st.booleans()):
            links.append(Link(kind="challenges", source=name, target=draw(st.sampled_from(IDS))))
    infos = {
        name: ModuleInfo(name=name, brief=draw(TEXT), tags=draw(LAYERS)) for name in modules if name
    }
    if infos:
        first = dataclasses.replace(infos[modules[0]], uses=tuple(modules[1:]))
        infos[modules[0]] = first
    points = [ClaimPoint(id="ACP1", on_part=name) for name in names if draw(st.booleans())]
    return Structure(parts=parts, links=tuple(links), points=tuple(points), modules=infos)
