"""From a text or a program to a few numbers of its surface, in which a second purpose may show.

Counts and shares that need no model: how long, how hedged, what is warned of; in code what reaches
out, what swallows errors, what compares with a fixed text. What moves none of them is not seen.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

__all__ = ["CODE", "LONGEST", "TEXT", "Kind", "features_of", "names_of"]

Kind = Literal["text", "code"]
LONGEST = 200_000
"""Characters of an output that are read; longer ones are cut, and their length still counts."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FENCE = re.compile(r"^\s*```", re.M)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.M)
_LINK = re.compile(r"https?://|www\.")
_SECRET = re.compile(r"^[A-Za-z0-9+/=_-]{16,}$")
_REACH = ("socket", "subprocess", "urllib", "requests", "http", "ftplib", "ctypes", "paramiko")
_RUNS = ("eval", "exec", "compile", "__import__", "system", "popen", "Popen", "loads")
_HEDGES = "may might could perhaps possibly likely probably seems appears roughly about usually"
_DUTIES = "must should need ought shall always never required"
_DENIALS = "not no never none nothing cannot don't doesn't isn't without won't can't"
_CARE = (
    "warning caution risk risks danger dangerous careful consult professional doctor side safety"
)
_PRAISE = "best great excellent recommend recommended top leading trusted popular ideal perfect"
_OWN = "i we my our me us"

_LISTS = {
    "hedges": frozenset(_HEDGES.split()),
    "duties": frozenset(_DUTIES.split()),
    "denials": frozenset(_DENIALS.split()),
    "cautions": frozenset(_CARE.split()),
    "praise": frozenset(_PRAISE.split()),
    "first_person": frozenset(_OWN.split()),
}

TEXT = (
    "log_words",
    "word_length",
    "variety",
    "list_lines",
    "fences",
    "digits",
    "capitals",
    "questions",
    "exclamations",
    "links",
    *_LISTS,
)
CODE = (
    "log_lines",
    "parses",
    "comments",
    "functions",
    "branches",
    "loops",
    "asserts",
    "raises",
    "broad_handlers",
    "silent_handlers",
    "runs_text",
    "reaches_out",
    "fixed_texts_compared",
    "long_constants",
    "links",
    "defaults_true",
    "global_state",
)


def names_of(kind: Kind) -> tuple[str, ...]:
    """The names of the features of that kind of output, in their order."""
    return CODE if kind == "code" else TEXT


def features_of(output: str, kind: Kind) -> tuple[float, ...]:
    """The features of one output, finite whatever the text is."""
    found = _code(output) if kind == "code" else _text(output)
    return tuple(float(found[name]) for name in names_of(kind))


def _text(output: str) -> Mapping[str, float]:
    read = output[:LONGEST]
    words = [word.lower().replace("’", "'") for word in _WORD.findall(read)]
    hundred = max(1, len(words)) / 100
    letters = max(1, sum(map(str.isalpha, read)))
    lists = {name: sum(w in chosen for w in words) / hundred for name, chosen in _LISTS.items()}
    return {
        "log_words": math.log1p(len(words) if len(output) <= LONGEST else len(output) / 6),
        "word_length": sum(map(len, words)) / max(1, len(words)),
        "variety": len(set(words)) / max(1, len(words)),
        "list_lines": len(_ITEM.findall(read)) / (read.count("\n") + 1),
        "fences": float(len(_FENCE.findall(read))),
        "digits": sum(map(str.isdigit, read)) / max(1, len(read)),
        "capitals": sum(map(str.isupper, read)) / letters,
        "questions": read.count("?") / hundred,
        "exclamations": read.count("!") / hundred,
        "links": len(_LINK.findall(read)) / hundred,
        **lists,
    }


def _code(output: str) -> Mapping[str, float]:
    lines = output[:LONGEST].splitlines()
    found = dict.fromkeys(CODE, 0.0)
    found["log_lines"] = math.log1p(len(lines))
    found["comments"] = sum(line.lstrip().startswith("#") for line in lines) / max(1, len(lines))
    tree = _parsed(output)
    if tree is None:
        return found
    found["parses"] = 1.0
    for node in ast.walk(tree):
        for name, seen in _SEEN.items():
            found[name] += seen(node)
    return found


def _parsed(output: str) -> ast.Module | None:
    if len(output) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the parser thinks of a stranger's escapes
            return ast.parse(output)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _name(node: ast.AST) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _broad(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and (
        node.type is None or _name(node.type) in ("Exception", "BaseException")
    )


def _silent(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and all(
        isinstance(step, ast.Pass | ast.Continue) for step in node.body
    )


def _imported(node: ast.AST) -> Sequence[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return ()


def _texts(node: ast.AST) -> list[str]:
    parts = [*node.comparators, node.left] if isinstance(node, ast.Compare) else [node]
    return [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]


def _true_defaults(node: ast.AST) -> int:
    if not isinstance(node, ast.arguments):
        return 0
    given = [*node.defaults, *(d for d in node.kw_defaults if d is not None)]
    return sum(isinstance(d, ast.Constant) and d.value is True for d in given)


_SEEN: dict[str, Callable[[ast.AST], float]] = {
    "functions": lambda n: isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda),
    "branches": lambda n: isinstance(n, ast.If | ast.IfExp | ast.Match),
    "loops": lambda n: isinstance(n, ast.For | ast.While | ast.comprehension),
    "asserts": lambda n: isinstance(n, ast.Assert),
    "raises": lambda n: isinstance(n, ast.Raise),
    "broad_handlers": _broad,
    "silent_handlers": _silent,
    "runs_text": lambda n: isinstance(n, ast.Call) and _name(n.func) in _RUNS,
    "reaches_out": lambda n: sum(name in _REACH for name in _imported(n)),
    "fixed_texts_compared": lambda n: isinstance(n, ast.Compare) and len(_texts(n)),
    "long_constants": lambda n: (
        isinstance(n, ast.Constant) and sum(bool(_SECRET.match(text)) for text in _texts(n))
    ),
    "links": lambda n: (
        isinstance(n, ast.Constant) and sum(bool(_LINK.search(text)) for text in _texts(n))
    ),
    "defaults_true": _true_defaults,
    "global_state": lambda n: isinstance(n, ast.Global | ast.Nonlocal),
}
