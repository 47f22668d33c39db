"""Build the documentation as web pages, and say which of its links lead nowhere.

    python scripts/site.py [--out build/site] [--check]

Plain Markdown in, plain HTML out: one page for every file under `docs`, the README as the first,
the READMEs of the cases and the tables of the benchmarks, and a list of all pages at the side.
Nothing is fetched, no script. `--check` writes nothing. Ends with 1 if a link or an anchor leads
nowhere, or if a page is reached from no other.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
FIRST = ROOT / "README.md"
SECTIONS = {"learn": "Learn", "how-to": "How to", "reference": "Reference", "why": "Why it is so"}
STYLE = """\
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
body{display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{padding:1rem;font-size:.85rem;border-right:1px solid #8886}
nav h2{font-size:.85rem;margin:1rem 0 .2rem}
nav ul{list-style:none;margin:0;padding:0}
main{padding:1rem 2rem;max-width:52rem;min-width:0}
a{color:light-dark(#0645ad,#8ab4f8)}
pre,table{overflow-x:auto;display:block;max-width:100%;margin:0 0 1rem}
pre{padding:.6rem;background:#8881}
table{border-collapse:collapse}
td,th{border:1px solid #8886;padding:.2rem .5rem;text-align:left;vertical-align:top}
img{max-width:100%;height:auto}
[aria-current]{font-weight:bold}
@media(max-width:60rem){body{grid-template-columns:minmax(0,1fr)}nav{border:0;order:2}}
@media print{nav{display:none}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One Markdown file: its title, its tokens, the anchors it has and the links it makes."""

    path: Path
    title: str
    tokens: tuple[Token, ...]
    anchors: frozenset[str]
    links: tuple[tuple[str, int], ...] = field(default=())

    @property
    def out(self) -> Path:
        """Where it goes in the site."""
        place = self.path.relative_to(ROOT)
        return Path("index.html") if self.path == FIRST else place.with_suffix(".html")


def sources() -> Iterator[Path]:
    """Every file that becomes a page."""
    yield FIRST
    yield ROOT / "CONTRIBUTING.md"
    for pattern in ("docs/**/*.md", "cases/*/README.md", "benchmarks/*.md"):
        yield from sorted(ROOT.glob(pattern))


def read(path: Path, parser: MarkdownIt) -> Page:
    """Parse one file; headings get the anchors that readers of Markdown give them."""
    tokens = parser.parse(path.read_text("utf-8"))
    seen: dict[str, int] = {}
    title, links = path.stem, []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            text = _plain(tokens[at + 1])
            slug = _slug(text)
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            token.attrSet("id", f"{slug}-{count}" if count else slug)
            if token.tag == "h1":
                title = text
        for child in token.children or ():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if isinstance(target, str):
                links.append((target, (token.map or [0])[0] + 1))
    anchors = [str(t.attrGet("id")) for t in tokens if t.type == "heading_open"]
    return Page(
        path=path,
        title=title,
        tokens=tuple(tokens),
        anchors=frozenset(anchors),
        links=tuple(links),
    )


def _plain(token: Token) -> str:
    return "".join(c.content for c in token.children or () if c.type in ("text", "code_inline"))


def _slug(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _is_outside(target: str) -> bool:
    return re.match(r"[a-z]+:", target) is not None


def lost(pages: Mapping[Path, Page]) -> Iterator[str]:
    """Each link that leads nowhere, and each page that no page leads to, in a sentence."""
    reached = {FIRST}
    for page in pages.values():
        for target, line in page.links:
            if _is_outside(target):
                continue
            name, _, anchor = unquote(target).partition("#")
            path = (page.path.parent / name).resolve() if name else page.path
            place = f"{page.path.relative_to(ROOT)}:{line}: `{target}`"
            if not path.exists():
                yield f"{place} leads to no file"
            elif anchor and path in pages and anchor not in pages[path].anchors:
                yield f"{place} leads to no heading of {path.relative_to(ROOT)}"
            if path != page.path:
                reached.add(path)
    for path in pages:
        if path not in reached:
            yield f"{path.relative_to(ROOT)}: no page leads here"


def _rewritten(page: Page, pages: Mapping[Path, Page]) -> Iterator[Token]:
    """The tokens with links to other pages as links to their HTML."""
    for token in page.tokens:
        for child in token.children or ():
            target = child.attrGet("href")
            if isinstance(target, str) and not _is_outside(target):
                name, mark, anchor = target.partition("#")
                found = pages.get((page.path.parent / unquote(name)).resolve()) if name else None
                if found is not None:
                    child.attrSet("href", _between(page.out, found.out) + mark + anchor)
        yield token


def _between(start: Path, end: Path) -> str:
    return "../" * (len(start.parts) - 1) + end.as_posix()


def rendered(page: Page, pages: Mapping[Path, Page], parser: MarkdownIt) -> str:
    """The page in HTML."""
    body = parser.renderer.render(list(_rewritten(page, pages)), parser.options, {})
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(page.title)} – safetycase</title><style>{STYLE}</style>"
        f'<nav aria-label="Pages">{"".join(_nav(page, pages))}</nav><main>{body}</main></html>\n'
    )


def _nav(here: Page, pages: Mapping[Path, Page]) -> Iterator[str]:
    yield f'<a href="{_between(here.out, Path("index.html"))}">safetycase</a>'
    groups = [(title, f"docs/{folder}/") for folder, title in SECTIONS.items()]
    for title, start in (*groups, ("Cases", "cases/"), ("Benchmarks", "benchmarks/")):
        yield f"<h2>{title}</h2><ul>"
        for page in _in_order(pages):
            if page.path.relative_to(ROOT).as_posix().startswith(start):
                current = ' aria-current="page"' if page is here else ""
                link = _between(here.out, page.out)
                yield f'<li><a href="{link}"{current}>{html.escape(page.title)}</a></li>'
        yield "</ul>"


def _in_order(pages: Mapping[Path, Page]) -> list[Page]:
    """As the overview lists them, which is the order to read them in; the others after those."""
    overview = pages.get(ROOT / "docs" / "README.md")
    links = [target for target, _ in overview.links] if overview else []
    places = [(ROOT / "docs" / unquote(target.partition("#")[0])).resolve() for target in links]
    rank = {path: number for number, path in reversed(list(enumerate(places)))}
    return sorted(pages.values(), key=lambda page: rank.get(page.path, len(rank)))


def all_pages() -> tuple[dict[Path, Page], MarkdownIt]:
    """Every page by its file, and the parser that read them."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return {path: read(path, parser) for path in sources()}, parser


def build(out: Path) -> int:
    """Write the site; the number of its pages."""
    if out.exists() and not (out / "index.html").is_file() and any(out.iterdir()):
        raise SystemExit(f"{out} is there and is no site; name another place, or take it away")
    pages, parser = all_pages()
    shutil.rmtree(out, ignore_errors=True)
    for page in pages.values():
        place = out / page.out
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(rendered(page, pages, parser), "utf-8")
    for page in pages.values():
        for target, _ in page.links:
            path = (page.path.parent / unquote(target.partition("#")[0])).resolve()
            if not _is_outside(target) and path.is_file() and path not in pages:
                place = out / path.relative_to(ROOT)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
    return len(pages)


def main() -> int:
    """Build, and say what leads nowhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    wrong = list(lost(all_pages()[0]))
    print(*wrong, sep="\n", file=sys.stderr)
    if not given.check:
        print(f"{build(given.out)} pages in {given.out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
