"""What joins files into one case: modules with their interfaces, templates and their use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from safetycase.argument.findings import Span

__all__ = ["Module", "Parameter", "Use"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One typed parameter of a template; without a default it must be bound.

    `type` list holds `of` records of text: each entry a mapping with the keys `fields`, or plain
    text where `fields` is empty.
    """

    type: Literal[
        "text",
        "number",
        "integer",
        "probability",
        "boolean",
        "date",
        "duration",
        "fact",
        "choice",
        "list",
        "files",
    ]
    says: str
    default: Any = None
    optional: bool = False
    choices: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    unit: str | None = None
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One instance of a template: `as` names it, `with` binds its parameters.

    `develops` gives a claim of the template that is left open its step or evidence. `digest` is
    the SHA-256 of the template's text.
    """

    template: str
    version: int
    as_: str
    with_: Mapping[str, Any] = field(default_factory=dict)
    develops: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    title: str = ""
    source: str = ""
    at: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A part of the case in a file of its own, and its interface.

    Its elements have ids `name/ID`. Others may refer to the `public` ones only; the claims under
    `needs` are supported from outside, by a step that `concludes` them.
    """

    name: str
    file: str
    title: str
    public: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    root: str | None = None
    because: str | None = None
