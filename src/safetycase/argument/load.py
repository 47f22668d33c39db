"""A case file, its modules and its templates -> a `Case`, and every finding at once.

Loading succeeds as far as it can: an unreadable part is a finding and the rest stands. Each file
is read on its own into a part, which a cache may keep, and the parts are joined.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Annotated, Any

from safetycase.argument import model, ref_to
from safetycase.argument.decode import MISSING, Decoder, hints_of, required
from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.join import conclude, resolve
from safetycase.argument.library import NO_TEMPLATES, Library, NoText
from safetycase.argument.nodes import Collection, Node, Reader
from safetycase.argument.store import Places, Scope, Store

__all__ = ["LISTS", "Loaded", "ModuleHead", "load", "load_files"]

LISTS: Mapping[str, str] = {
    "claims": "claim",
    "evidence": "evidence",
    "arguments": "argument",
    "assumptions": "assumption",
    "defeaters": "defeater",
    "problems": "problem",
    "contexts": "context",
    "justifications": "justification",
    "monitors": "monitor",
    "hazards": "hazard",
    "dependences": "dependence",
}
Cache = MutableMapping[Any, Any]
_OWN = Annotated[str, ref_to.RefTo(ref_to.ANY_KIND, in_place=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The case, or None if too little could be read; the findings of the files."""

    case: model.Case | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleHead:
    """The keys of a module file that are not elements."""

    module: str
    title: str
    public: tuple[_OWN, ...] = ()
    needs: tuple[_OWN, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one file holds."""

    head: Mapping[str, Any]
    root: Any
    store: Store
    findings: tuple[Finding, ...]
    readable: bool = True
    templated: bool = False  # also depends on templates and on the facts of the case


def load_files(
    texts: Mapping[str, str],
    entry: str = "case.yaml",
    *,
    library: Library = NO_TEMPLATES,
    cache: Cache | None = None,
) -> Loaded:
    """Read a case from the texts of its files by name; `entry` is the case file."""
    return load(texts[entry], entry, more=texts.get, library=library, cache=cache)


def load(
    text: str,
    file: str = "case.yaml",
    *,
    more: Callable[[str], str | None] = lambda _name: None,
    library: Library = NO_TEMPLATES,
    cache: Cache | None = None,
) -> Loaded:
    """Read a case from its text; `file` names it in findings.

    `more` gives the text of a module file by its path in the case folder (None if it is not
    there, `NoText` to say why), `library` the templates. A `cache` handed to every call
    makes a second reading pay only for the files that changed.
    """
    cache = {} if cache is None else cache
    part = _part(text, file, Scope(), model.Header, None, library, cache)
    if not part.readable:
        return Loaded(case=None, findings=part.findings)
    complete = required(model.Header) <= part.head.keys() and part.root is not MISSING
    header = model.Header(**part.head) if complete else None
    names: Mapping[str, str] = part.head.get("modules", {})
    findings, store = list(part.findings), Store()
    store.take(part.store)
    modules: dict[str, model.Module] = {}
    for name, path in names.items():
        try:
            content = more(path)
            why = "is not in the case folder"
        except NoText as error:
            content, why = None, str(error)
        if content is None:
            span = part.store.place(("", "modules", name)) or Span(file=file, line=1, column=1)
            message = f"the file `{path}` of module `{name}` {why}"
            findings.append(
                Finding(code="F033", span=span, message=message, hint="paths start there")
            )
            continue
        found = _module(name, path, content, file, header, library, frozenset(names), cache)
        findings += found.findings
        if found.readable:
            store.take(found.store)
            modules[name] = _interface(name, path, found)
    findings += resolve(store, modules)
    findings += conclude(store, modules)
    ordered = tuple(sorted(findings, key=lambda f: (f.span, f.code)))
    if header is None or not isinstance(store.elements.get(part.root), model.Claim):
        return Loaded(case=None, findings=ordered)  # nothing says what the case argues for
    case = model.Case(
        header=header,
        root=part.root,
        elements={name: e for name, e in store.elements.items() if e is not None},
        findings=ordered,
        source=file,
        modules=modules,
        uses=store.uses,
        places=Places(store.nodes, store.references),
    )
    return Loaded(case=case, findings=ordered)


def _module(
    name: str,
    path: str,
    text: str,
    file: str,
    header: model.Header | None,
    library: Library,
    modules: frozenset[str],
    cache: Cache,
) -> _Part:
    folder = file.rsplit("/", 1)[0] + "/" if "/" in file else ""
    scope = Scope(prefix=f"{name}/", modules=modules)
    part = _part(text, folder + path, scope, ModuleHead, header, library, cache)
    said = part.head.get("module")
    if part.readable and said != name:
        span = part.store.place(("", "module")) or Span(file=folder + path, line=1, column=1)
        other = f"says `module: {said}`" if said else "does not say which it is"
        message = f"the case calls this module `{name}` and the file {other}"
        finding = Finding(code="F034", span=span, message=message, hint=f"write `module: {name}`")
        part = dataclasses.replace(part, findings=(*part.findings, finding))
    return part


def _interface(name: str, path: str, part: _Part) -> model.Module:
    return model.Module(
        name=name,
        file=path,
        title=part.head.get("title", ""),
        public=part.head.get("public", ()),
        needs=part.head.get("needs", ()),
        root=part.root if isinstance(part.root, str) else None,
        because=part.head.get("because"),
    )


def _part(
    text: str,
    file: str,
    scope: Scope,
    head: type[Any],
    header: model.Header | None,
    library: Library,
    cache: Cache,
) -> _Part:
    key = (file, text, scope)
    if key not in cache or cache[key].templated:
        for old in [k for k in cache if k[0] == file]:
            del cache[old]
        cache[key] = _read(text, file, scope, head, header, library)
    found: _Part = cache[key]
    return found


def _read(
    text: str,
    file: str,
    scope: Scope,
    head: type[Any],
    header: model.Header | None,
    library: Library,
) -> _Part:
    reader, store = Reader(text, file), Store()
    top = reader.root
    if not isinstance(top, Collection) or not top.mapping:
        if top is not None:
            reader.report("F005", top, "a case file is a mapping of `key: value` lines")
        return _Part(
            head={}, root=MISSING, store=store, findings=tuple(reader.findings), readable=False
        )
    what = "the case" if head is model.Header else "the module"
    pairs = list(reader.items(top, what))
    store.nodes[""] = (top, file)
    if scope.prefix:
        store.nodes[scope.prefix] = (top, file)
    decoder = Decoder(reader, scope, store)
    values = _head(decoder, pairs, head, what)
    if head is model.Header and required(head) <= values.keys():
        header = model.Header(**values)
    if scope.modules == frozenset() and values.get("modules"):
        decoder.scope = dataclasses.replace(scope, modules=frozenset(values["modules"]))
    used: list[Any] = []
    decoder.instantiate = _lazily(header, library, reader, used)
    root = _elements(decoder, pairs)
    if root is None and head is model.Header:
        reader.report("F021", None, "the case lacks `root`", "write the top claim under `root:`")
        root = MISSING
    if scope.prefix:
        del store.nodes[""]
    return _Part(
        head=values,
        root=root,
        store=store,
        findings=tuple(reader.findings),
        templated=bool(used),
    )


def _lazily(header: model.Header | None, library: Library, reader: Reader, made: list[Any]) -> Any:
    """How `use` is read; a case without templates does not import what reads them.

    `made` holds what reads them as soon as one is used.
    """

    def instantiate(*given: Any) -> Any:
        if not made:
            from safetycase.argument.instantiate import Templates

            made.append(Templates(header, library, reader))
        return made[0].instantiate(*given)

    return instantiate


def _head(
    decoder: Decoder, pairs: list[tuple[str, Node, Node]], head: type[Any], what: str
) -> dict[str, Any]:
    """The values of the keys that are no elements, wherever they stand in the file."""
    hints, values = hints_of(head), {}
    known = {*hints, "root", *LISTS}
    failed = set()
    for key, key_node, value in pairs:
        if key in hints:
            decoded = decoder.value(value, hints[key], (((None, ""), key)))
            if decoded is MISSING:
                failed.add(key)
            else:
                values[key] = decoded
        elif key not in known:
            hint = did_you_mean(key, known)
            decoder.reader.report("F020", key_node, f"{what} has no key `{key}`", hint)
    for name in sorted(required(head) - values.keys() - failed):
        decoder.reader.report("F021", None, f"{what} lacks `{name}`", None)
    return values


def _elements(decoder: Decoder, pairs: list[tuple[str, Node, Node]]) -> Any:
    """Every element of the file; returns the id of the root claim, if one is given."""
    root = None
    for key, _, value in pairs:
        path: Any = ((None, ""), key)
        if key == "root":
            root = decoder.value(value, ref_to.ClaimRef, path)
        elif key in LISTS:
            for at, entry in enumerate(decoder.reader.sequence(value, f"`{key}`")):
                decoder.element(entry, (LISTS[key],), (path, at))
    return root
