"""The header of a case: what it is about, who decides, and what must not happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

__all__ = [
    "Author",
    "Decision",
    "Deployment",
    "Duration",
    "Fact",
    "Harm",
    "Header",
    "ModelSpec",
    "System",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of time, written `NUMBER UNIT`; the units go from seconds to years."""

    text: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the case. With a number it reads `NUMBER NOUN [per PERIOD]`."""

    text: str
    number: float | None = None
    noun: str | None = None
    per: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the case is for, who decides, and until when the decision stands."""

    supports: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of the case: where its weights are and what serves them."""

    weights: str
    provider: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is deployed: a model of `models`, its scaffold and its tools."""

    model: str
    scaffold: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where and how much the system is used. Evidence off `distribution` is not applicable."""

    users: Fact
    volume: Fact
    horizon: Fact
    distribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """The outcome that must not happen, and the single mistake that adds up to it."""

    what: str
    mistake: str
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody who wrote or reviewed the case; `external` reviewers are of another house."""

    name: str
    organisation: str | None = None
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the case is about: everything in the file that is not an element.

    `modules` maps the name of a module to its file in the case folder. `profiles` are checked
    besides the rules of the case file.
    """

    case: str
    title: str
    maturity: Literal["sketch", "template", "full"]
    target: float
    decision: Decision
    models: Mapping[str, ModelSpec]
    system: System
    deployment: Deployment
    harm: Harm
    modules: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    reviewers: tuple[Author, ...] = ()
