"""`use: name@version` -> the elements of a template's instance.

The root claim of the template gets the name of the instance, its other elements get ids below it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from safetycase.argument import model
from safetycase.argument.decode import ID, MISSING, Decoder
from safetycase.argument.expand import Expander
from safetycase.argument.findings import did_you_mean
from safetycase.argument.library import Library, NoText
from safetycase.argument.nodes import Collection, Node, Reader, Scalar, scalar, span_of
from safetycase.argument.store import Scope
from safetycase.argument.template import Template, bind, read_template

__all__ = ["FILLABLE", "Templates", "facts_of"]

_PINNED = re.compile(r"([a-z][a-z0-9-]*)@([1-9][0-9]*)")
_LISTS = (
    "claims", "evidence", "arguments", "assumptions", "defeaters", "problems", "contexts",
    "justifications", "monitors", "hazards", "dependences",
)  # fmt: skip
LEAVES_OPEN = "leaves_open"
FILLABLE = frozenset(
    ("method", "with", "inputs", "reads", "valid_for", "plan", "level", "model", "distribution",
     "because", "declared", "credence", "prior", "artefact")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class UseText:
    """The keys of an entry `use`."""

    use: str
    as_: str
    with_: Mapping[str, Any] = field(default_factory=dict)


def facts_of(header: model.Header | None) -> Mapping[str, Any]:
    """The facts of the case by their dotted names, e.g. `deployment.volume`."""
    if header is None:
        return {}
    at = header.deployment
    facts: dict[str, Any] = {
        "case": header.case,
        "title": header.title,
        "target": header.target,
        "decision.supports": header.decision.supports,
        "decision.owner": header.decision.owner,
        "decision.expires": header.decision.expires,
        "system.model": header.system.model,
        "system.scaffold": header.system.scaffold,
        "deployment.distribution": at.distribution,
        "harm.what": header.harm.what,
        "harm.mistake": header.harm.mistake,
    }
    for name in ("users", "volume", "horizon"):
        fact: model.Fact = getattr(at, name)
        facts[f"deployment.{name}"] = fact
        facts[f"deployment.{name}.number"] = fact.number
    return facts


class Templates:
    """Makes instances for one file; `outer` is the reader that its findings go to."""

    def __init__(self, header: model.Header | None, library: Library, outer: Reader) -> None:
        self.facts = facts_of(header)
        self.library = library
        self.outer = outer
        self.active: tuple[str, ...] = ()

    def instantiate(self, decoder: Decoder, node: Collection, kinds: tuple[str, ...]) -> Any:
        """Read the entry `use` at `node`; returns the id of the instance's root claim."""
        keys = {k.value: (k, v) for k, v in node.pairs() if type(k) is Scalar}
        said = self._read(decoder, node, keys)
        if said is None:
            return MISSING
        name, pinned, given, develops = said
        full = decoder.scope.own(name)
        if "claim" not in kinds:
            decoder.reader.report("F012", node.items[0], "a template stands where a claim may")
        if full in decoder.store.kinds or full.split("/")[0] in decoder.scope.modules - {
            decoder.scope.prefix[:-1]
        }:
            decoder.reader.report("F013", keys["as"][1], f"the id `{full}` is used twice")
            return MISSING
        template = self._template(decoder, pinned, keys["use"][1])
        if template is None:
            return MISSING
        values = self._bind(decoder, template, given, keys.get("with"), node, full)
        if values is None:
            return MISSING
        decoder.store.uses[full] = model.Use(
            template=template.head.template,
            version=template.head.version,
            as_=full,
            with_=given,
            develops=dict.fromkeys(develops, ""),
            digest=template.digest,
            title=template.head.title,
            source=template.head.source,
            at=span_of(node, decoder.reader.file),
        )
        return self._elements(decoder, template, values, full, develops)

    def _read(
        self, decoder: Decoder, node: Collection, keys: Mapping[str, tuple[Node, Node]]
    ) -> tuple[str, str, Mapping[str, Any], Mapping[str, Node]] | None:
        reader = decoder.reader
        known = ("use", "as", "with", "develops")
        for key, _, _ in reader.items(node, "`use`"):
            if key in ("each", "when"):
                says = f"`use` has `{key}`, which only an element of a template has"
                reader.report("F047", keys[key][0], says)
            elif key not in known:
                at = keys[key][0]
                reader.report("F020", at, f"`use` has no key `{key}`", did_you_mean(key, known))
        pinned = reader.word(keys["use"][1], "`use`")
        if "as" not in keys:
            reader.report("F021", node, "`use` lacks `as`", "name the instance: `as: CONTROL`")
            return None
        name = reader.word(keys["as"][1], "`as` of `use`")
        if pinned is None or name is None:
            return None
        if not ID.fullmatch(name):
            reader.report("F011", keys["as"][1], f"`{name}` is not an id")
            return None
        given = decoder.json(keys["with"][1], ((None, ""), "with")) if "with" in keys else {}
        if not isinstance(given, Mapping):
            reader.report("F005", keys["with"][1], "`with` of `use` is a mapping")
            return None
        develops: dict[str, Node] = {}
        if "develops" in keys:
            items = reader.items(keys["develops"][1], "`develops` of `use`")
            develops = {key: value for key, _, value in items}
        return name, pinned, given, develops

    def _template(self, decoder: Decoder, pinned: str, at: Node) -> Template | None:
        reader = decoder.reader
        match = _PINNED.fullmatch(pinned)
        if not match:
            hint = "pin the version, e.g. `control@1`"
            reader.report("F040", at, f"`{pinned}` names no template and version", hint)
            return None
        if match[1] in self.active:
            reader.report("F040", at, f"the template `{match[1]}` uses itself")
            return None
        try:
            found = self.library.text(pinned) or self.library.text(match[1])
        except NoText as error:
            reader.report("F040", at, f"the file of the template `{match[1]}` {error}")
            return None
        if found is None:
            near = did_you_mean(match[1], self.library.names())
            reader.report("F040", at, f"there is no template `{match[1]}`", near)
            return None
        template, inner = read_template(*found, dict.fromkeys(_LISTS, ""))
        if inner is not reader:
            self.outer.findings += inner.findings
        if template is not None and template.head.template != match[1]:
            says = f"{template.file} says `template: {template.head.template}`"
            reader.report("F040", at, says, f"write `template: {match[1]}` there")
            return None
        if template is not None and str(template.head.version) != match[2]:
            reader.report(
                "F041",
                at,
                f"the template `{match[1]}` is here in version {template.head.version}, and the "
                f"case pins {match[2]}",
                "compare the two with `safetycase diff`, then change the pin",
            )
            return None
        return template

    def _bind(
        self,
        decoder: Decoder,
        template: Template,
        given: Mapping[str, Any],
        with_: tuple[Node, Node] | None,
        node: Node,
        full: str,
    ) -> dict[str, Any] | None:
        raw = {key: self._fact(value) for key, value in given.items()}
        values, wrong = bind(template.head.parameters, raw)
        places: dict[str, Node] = {}
        if with_ is not None and type(with_[1]) is Collection:
            places = {k.value: v for k, v in with_[1].pairs() if type(k) is Scalar}
        for mismatch in wrong:
            at = places.get(mismatch.key, node)
            decoder.reader.report(mismatch.code, at, mismatch.message, mismatch.hint, full)
        return None if wrong else values

    def _fact(self, value: Any) -> Any:
        """`=deployment.volume` as a parameter is the number of the fact, or its text."""
        if not isinstance(value, str) or not value.startswith("="):
            return value
        fact = self.facts.get(value[1:].strip(), value)
        if isinstance(fact, model.Fact):
            if fact.number is None:
                return fact.text
            return int(fact.number) if fact.number.is_integer() else fact.number
        return fact

    def _elements(
        self,
        decoder: Decoder,
        template: Template,
        values: Mapping[str, Any],
        full: str,
        develops: Mapping[str, Node],
    ) -> Any:
        root_name = _root_name(template.root)
        outer_reader, outer_scope = decoder.reader, decoder.scope
        expander = Expander(reader=template.reader, values=values, facts=self.facts)
        for node in [template.root, *(value for _, value in template.lists)]:
            expander.survey(node, values)
        before, template.reader.findings = self.outer.findings, []
        decoder.reader = template.reader
        decoder.scope = Scope(
            prefix=f"{full}/", root=root_name, instance=full, modules=outer_scope.modules
        )
        self.active = (*self.active, template.head.template)
        root = expander.one(template.root)
        lists = [(key, expander.expand(value, values)) for key, value in template.lists]
        nodes = [n for n in [root, *(n for _, found in lists for n in found)] if n is not None]
        here = {
            name: expander.given(node)
            for name, node in develops.items()
            if name not in expander.gone
        }
        _develop(decoder, nodes, here, (outer_reader, outer_scope))
        path: Any = ((None, ""), "root")
        made = decoder.element(root, ("claim",), path) if root is not None else MISSING
        for key, found in lists:
            kind = "evidence" if key == "evidence" else key[:-1]
            for entry in (item for node in found for item in _entries(node)):
                decoder.element(entry, (kind,), (path, key))
        decoder.reader, decoder.scope = outer_reader, outer_scope
        self.active = self.active[:-1]
        before += template.reader.findings
        return made


def _entries(node: Node) -> list[Node]:
    return node.items if type(node) is Collection and not node.mapping else []


def _root_name(root: Node) -> str:
    if type(root) is Collection and len(root.items) > 1 and type(root.items[1]) is Scalar:
        name: str = root.items[1].value
        return name
    return ""


def _develop(
    decoder: Decoder,
    nodes: list[Node],
    develops: Mapping[str, Node],
    outer: tuple[Reader, Scope],
) -> None:
    """Put what the case gives into the open claims and planned evidence of the template."""
    places = {name: node for top in nodes for name, node in _elements_in(top)}
    for name, given in develops.items():
        node = places.get(name)
        if node is None:
            hint = did_you_mean(name, places)
            outer[0].report("F048", given, f"the template has no element `{name}`", hint)
            continue
        kind = node.items[0].value
        keys = {k.value for k, _ in node.pairs() if type(k) is Scalar}
        if kind == "claim" and "by" not in keys:
            decoder.foreign[id(given)] = outer
            node.items += [scalar("by", given, None), given]
        elif kind == "evidence" and "method" not in keys and type(given) is Collection:
            if _fill_evidence(node, given, outer[0]):
                continue
        else:
            outer[0].report(
                "F048",
                given,
                f"`{name}` of the template is a {kind} that is not left open",
                "develop a claim without support, or give a planned evidence its `method`",
            )
            continue
        _close(nodes, name)


def _fill_evidence(node: Collection, given: Collection, reader: Reader) -> bool:
    """Put the keys in; whether the case says that the open problem stays open all the same."""
    leaves_open = False
    for key, key_node, value in reader.items(given, "`develops`"):
        if key == LEAVES_OPEN:
            leaves_open = type(value) is Scalar and value.value == "true" and not value.style
            if not leaves_open:
                says = f"`{LEAVES_OPEN}` is `true` or not there"
                reader.report("F048", value, says, "it keeps the template's open problem open")
            continue
        if key not in FILLABLE:
            hint = did_you_mean(key, FILLABLE | {LEAVES_OPEN})
            reader.report("F048", key_node, f"`develops` cannot set `{key}` of evidence", hint)
            continue
        at = next((i for i in range(0, len(node.items), 2) if _named(node.items[i], key)), None)
        if at is None:
            node.items += [key_node, value]
        else:
            node.items[at + 1] = value
    return leaves_open


def _named(key: Node, word: str) -> bool:
    return type(key) is Scalar and key.value == word


def _elements_in(top: Node) -> list[tuple[str, Collection]]:
    """Every element node below `top` with the name the template gives it."""
    found: list[tuple[str, Collection]] = []
    stack: list[Any] = [top]
    while stack:
        node = stack.pop()
        if type(node) is not Collection:
            continue
        if node.mapping and len(node.items) > 1 and type(node.items[1]) is Scalar:
            found.append((node.items[1].value, node))
        stack += node.items
    return found


def _close(nodes: list[Node], name: str) -> None:
    """A developed element is no longer what an open problem of the template blocks."""
    for top in nodes:
        if type(top) is not Collection or top.mapping:
            continue
        for entry in list(top.items):
            if type(entry) is not Collection or not _named(entry.items[0], "problem"):
                continue
            for key, value in entry.pairs():
                if _named(key, "blocks") and type(value) is Collection:
                    kept = [v for v in value.items if not _named(v, name)]
                    if not kept and value.items:
                        top.items.remove(entry)
                    value.items[:] = kept
