"""A structure -> gsn2x files, one per module, and what they cannot carry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from safetycase.argument.structure import ClaimPoint, Link, Loss, ModuleInfo, Part, Structure
from safetycase.checks.gsn2x_index import (
    ARROW,
    EXTENDS,
    RELATIONS_DEFEATED,
    UNKNOWN_TYPE,
    extensions,
    kind_of,
    kind_of_id,
)
from safetycase.interop.gsn2x_losses import (
    layers_of,
    link_losses,
    module_losses,
    part_losses,
    whole_losses,
)
from safetycase.interop.gsn2x_text import block, flow, scalar
from safetycase.plugin.formats import Writing

__all__ = ["write"]

_RESERVED = frozenset({"module"})
_RAW = frozenset({"classes", "rankIncrement", "horizontalIndex", "charWrap"})
_KEYS = frozenset(
    {"text", "supportedBy", "inContextOf", "challenges", "undeveloped", "defeated"}
    | {"defeatedRelation", "nodeType", "url", "acp", "name"}
)
_MODULE_KEYS = frozenset({"name", "brief", "extends", "uses"})
_MODULE_RAW = frozenset({"stylesheets", "rankIncrement", "horizontalIndex", "charWrap"})


class _Writer:
    """Writes one structure; collects the losses on the way."""

    def __init__(self, structure: Structure, stem: str) -> None:
        self.structure = structure
        self.losses: list[Loss] = []
        self.order = self._modules()
        self.files = self._file_names(stem)
        self.by_source: dict[str, list[Link]] = {}
        self.ends: dict[str, Link] = {}
        for link in structure.links:
            self.by_source.setdefault(link.source, []).append(link)
            if link.id:
                self.ends[link.id] = link
        self.points: dict[str, list[ClaimPoint]] = {}
        for point in structure.points:
            self.points.setdefault(self._owner(point), []).append(point)

    def lose(self, about: str, what: str, says: str) -> None:
        self.losses.append(Loss(about=about, what=what, says=says))

    def _modules(self) -> list[str]:
        found = dict.fromkeys(self.structure.modules)
        found.update(dict.fromkeys(part.module for part in self.structure.parts.values()))
        return list(found) or [""]

    def _file_names(self, stem: str) -> dict[str, str]:
        names: dict[str, str] = {}
        taken: set[str] = set()
        for module in self.order:
            slug = re.sub(r"[^A-Za-z0-9]+", "-", module).strip("-").lower()
            base = f"{stem}-{slug or 'module'}" if names else stem
            name, count = base, 1
            while name in taken:
                count += 1
                name = f"{base}-{count}"
            taken.add(name)
            names[module] = name
        return {module: f"{name}.gsn.yaml" for module, name in names.items()}

    def _owner(self, point: ClaimPoint) -> str:
        if point.on_part:
            return point.on_part
        first = point.on_links[0] if point.on_links else ""
        link = self.ends.get(first)
        return link.source if link else first.partition(ARROW)[0]

    def write(self) -> Writing:
        structure = self.structure
        self.losses += whole_losses(structure)
        uses = self._uses()
        by_module: dict[str, list[Part]] = {module: [] for module in self.order}
        for part in structure.parts.values():
            by_module[part.module].append(part)
        files = {}
        for module in self.order:
            lines = self._module(module, uses[module])
            for part in by_module[module]:
                lines += self._part(part)
            files[self.files[module]] = "\n".join(lines) + "\n" if lines else ""
        self._orphans()
        return Writing(files=files, losses=tuple(self.losses))

    def _uses(self) -> dict[str, list[str]]:
        """Each file is loaded once in gsn2x, so what is used twice is named once."""
        uses: dict[str, list[str]] = {module: [] for module in self.order}
        loaded, queue = {self.order[0]}, [self.order[0]]
        for module in queue:
            info = self.structure.modules.get(module)
            for other in info.uses if info else ():
                if other not in uses:
                    says = f"{module} uses {other}, which is not part of this argument; left out"
                    self.lose(module, "uses", says)
                elif other in loaded:
                    says = f"{other} is loaded already when {module} uses it; gsn2x allows one way"
                    self.lose(module, "uses", says)
                else:
                    loaded.add(other)
                    queue.append(other)
                    uses[module].append(other)
        for other in self.order:
            if other not in loaded:
                uses[self.order[0]].append(other)
                says = f"nothing led to {other}; the first file now uses it, so that it is loaded"
                self.lose(other, "uses", says)
                info = self.structure.modules.get(other)
                for further in info.uses if info else ():
                    self.lose(other, "uses", f"{other} uses {further}; the first file loads both")
        return uses

    def _module(self, module: str, uses: list[str]) -> list[str]:
        info = self.structure.modules.get(module, ModuleInfo(name=module))
        self.losses += module_losses(info)
        name = module
        if not name and (uses or info.brief or info.extends or info.tags):
            name = self.files[module].removesuffix(".gsn.yaml")
            self.lose("", "module name", f"a module without a name is written as `{name}`")
        if not name:
            return []
        lines = ["module:", *block("name", name, "  ")]
        if info.brief:
            lines += block("brief", info.brief, "  ")
        if uses:
            lines.append(f"  uses: {flow(self.files[other] for other in uses)}")
        lines += self._extends(info)
        lines += self._notes(info.tags, _MODULE_KEYS, _MODULE_RAW, module)
        return lines

    def _extends(self, info: ModuleInfo) -> list[str]:
        lines = []
        for ext in extensions(self.structure, info):
            if not ext.module and EXTENDS not in info.tags:
                for target, _ in ext.develops:
                    says = f"{info.name} develops {target}, which is not in a named module"
                    self.lose(target, "extension", f"{says}; left out")
                continue
            lines.append(f"    - module: {scalar(ext.module)}")
            lines.append("      develops:" if ext.develops else "      develops: {}")
            lines += [f"        {scalar(t)}: {flow(local)}" for t, local in ext.develops]
        return ["  extends:", *lines] if lines else []

    def _notes(
        self, tags: Mapping[str, str], keys: frozenset[str], raw: frozenset[str], about: str
    ) -> list[str]:
        """Tags as layers (or, of a module, as lines of its legend); settings as they were."""
        lines: list[str] = []
        for key, value in tags.items():
            ours = key in (EXTENDS, RELATIONS_DEFEATED)
            if ours or (key == UNKNOWN_TYPE and value == "unknown"):
                continue
            if key in raw:
                lines += self._setting(key, value, about)
            elif key in keys:
                says = f"the note `{key}` of {about} has the name of a key; it is `sc.{key}` now"
                self.lose(about, "note", says)
                lines += block(f"sc.{key}", value, "  ")
            else:
                lines += block(key, value, "  ")
        return lines

    def _setting(self, key: str, value: str, about: str) -> list[str]:
        try:
            read = json.loads(value)
        except ValueError:
            read = None
        if isinstance(read, list) and key in ("classes", "stylesheets"):
            return [f"  {key}: {flow(str(entry) for entry in read)}"]
        if key == "horizontalIndex" and isinstance(read, dict) and len(read) == 1:
            ((how, number),) = read.items()
            return [f"  {key}: {{{scalar(how)}: {number}}}"]
        if key in ("rankIncrement", "charWrap") and isinstance(read, int):
            return [f"  {key}: {read}"]
        self.lose(about, "note", f"`{key}` of {about} has the value {value}; left out")
        return []

    def _part(self, part: Part) -> list[str]:
        self.losses += part_losses(part)
        name = part.id
        if name in _RESERVED:
            name = "G-module"
            self.lose(part.id, "id", "an element cannot be called `module`; it is `G-module` now")
        lines = block("text", part.text, "  ") if part.text else []
        kind = kind_of(part)
        unknown = part.tags.get(UNKNOWN_TYPE) == "unknown"
        if not unknown and kind_of_id(name) != (kind or "Goal"):
            lines.append(f"  nodeType: {kind or 'Goal'}")
        lines += self._relations(part)
        for flag in ("undeveloped", "defeated"):
            if getattr(part, flag):
                lines.append(f"  {flag}: true")
        if part.url:
            lines += block("url", part.url, "  ")
        lines += self._acp(part)
        lines += self._notes({**part.tags, **layers_of(part)}, _KEYS, _RAW, part.id)
        return [f"{scalar(name)}:" if lines else f"{scalar(name)}: {{}}", *lines]

    def _relations(self, part: Part) -> list[str]:
        lists: dict[str, list[str]] = {"supported by": [], "in context of": []}
        challenges: list[str] = []
        defeated: list[str] = []
        for link in self.by_source.get(part.id, ()):
            self.losses += link_losses(link)
            if link.kind == "challenges":
                challenges += self._aim(link)
            else:
                lists[link.kind].append(link.target)
            if link.defeated:
                defeated.append(link.target)
        lines = []
        for key, kind in (("supportedBy", "supported by"), ("inContextOf", "in context of")):
            if lists[kind]:
                lines.append(f"  {key}: {flow(lists[kind])}")
        if challenges:
            lines.append(f"  challenges: {scalar(challenges[0])}")
        for other in challenges[1:]:
            says = f"{part.id} also challenges {other}; a gsn2x element has one challenge"
            self.lose(part.id, "challenge", f"{says}, left out")
        kept = part.tags.get(RELATIONS_DEFEATED)
        if kept:
            defeated += [str(name) for name in json.loads(kept)]
        if defeated:
            lines.append(f"  defeatedRelation: {flow(dict.fromkeys(defeated))}")
        return lines

    def _aim(self, link: Link) -> list[str]:
        """What a challenge names; empty where gsn2x has no name for it."""
        if not link.target_link:
            if "->" not in link.target:
                return [link.target]
            says = f"the id {link.target} reads as a relation; the challenge is left out"
            self.lose(link.source, "challenge", says)
            return []
        aimed = self.ends.get(link.target_link)
        if aimed is None and ARROW in link.target_link:
            return [link.target_link]
        if aimed is None or (aimed.kind == "challenges" and aimed.target_link):
            says = f"{link.source} challenges {link.target_link}, which gsn2x cannot name; left out"
            self.lose(link.source, "challenge", says)
            return []
        return [f"{aimed.source}{ARROW}{aimed.target}"]

    def _acp(self, part: Part) -> list[str]:
        lines: dict[str, list[str]] = {}
        for point in self.points.get(part.id, ()):
            names = [part.id] if point.on_part == part.id else []
            for link_id in point.on_links:
                link = self.ends.get(link_id)
                if link is None:
                    names.append(link_id.partition(ARROW)[2] or link_id)
                elif link.source == part.id and link.kind != "challenges":
                    names.append(link.target)
                else:
                    says = f"{point.id} is on the relation {link_id} of another element; left out"
                    self.lose(point.id, "claim point", says)
            if point.id in lines:
                says = f"{part.id} has two claim points {point.id}; they are one now"
                self.lose(point.id, "claim point", says)
            lines.setdefault(point.id, []).extend(names)
        if not any(lines.values()):
            return []
        return ["  acp:", *(f"    {scalar(k)}: {flow(v)}" for k, v in lines.items() if v)]

    def _orphans(self) -> None:
        """Relations and claim points of what is not in the argument are not written."""
        parts = self.structure.parts
        for source, links in self.by_source.items():
            if source not in parts:
                for link in links:
                    says = f"the relation from {source}, which is not an element, is left out"
                    self.lose(link.id or source, "relation", says)
        for owner, points in self.points.items():
            if owner not in parts:
                for point in points:
                    self.lose(point.id, "claim point", f"{point.id} is on nothing; left out")
        self._link_ids()

    def _link_ids(self) -> None:
        """An id of a relation survives where something refers to it, as `X -> Y`."""
        used = {link.target_link for link in self.structure.links if link.target_link}
        used.update(name for point in self.structure.points for name in point.on_links)
        for name, link in self.ends.items():
            if name not in used or name != f"{link.source}{ARROW}{link.target}":
                says = f"the relation {link.source}{ARROW}{link.target} loses its id {name}"
                self.lose(name, "relation id", says)


def write(structure: Structure, stem: str) -> Writing:
    """Write one gsn2x file per module, the first as `stem.gsn.yaml`, and list what was lost.

    What gsn2x has no key for becomes a text layer of its element where a person may want to read
    it, and a loss in any case.
    """
    return _Writer(structure, stem).write()
