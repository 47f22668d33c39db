"""What the record says of the review of a case, as plain records; `assess.reviewing` fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Challenged",
    "Dissented",
    "Overridden",
    "Responded",
    "Review",
    "Ruled",
    "SignedOff",
    "Standing",
]

Standing = Literal["open", "answered", "conceded", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Responded:
    """What somebody said to a challenge, in record `record`; it ends nothing."""

    record: int
    at: str
    says: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What was ruled of a challenge; `outcome` is answered, conceded or withdrawn.

    `because` says why it counts for nothing, empty if it counts: nobody calls a challenge to their
    own work answered.
    """

    record: int
    at: str
    outcome: str
    reason: str
    by: str
    because: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says anything of the challenge."""
        return not self.because


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """A challenge of a reviewer, and what became of it.

    `against` is the name it was raised against, `element` the id of what the case has under that
    name now, None if it is gone. `severity` is minor, major or critical. `standing` is the outcome
    of the last ruling that counts, `open` without one. While it is open or conceded and not minor
    it `contests` `targets`, by the doubt of id `doubt`, which no file can answer; a challenge whose
    element is gone, or is neither true nor false, bears on what that was for, in the end on the
    root. `changed` is whether the part of the argument changed since the challenge was raised, and
    `own` whether an author raised it, by a key of an author, another of its owner, or in the name
    of one. `vouched` is whether somebody stands behind the key that raised it.
    """

    id: str
    against: str
    severity: str
    says: str
    by: str
    at: str
    record: int
    standing: Standing
    responses: tuple[Responded, ...] = ()
    rulings: tuple[Ruled, ...] = ()
    contests: bool = False
    element: str | None = None
    targets: tuple[str, ...] = ()
    doubt: str = ""
    changed: bool = False
    own: bool = False
    vouched: bool = True

    @property
    def stands(self) -> bool:
        """Whether nobody answered it or took it back."""
        return self.standing in ("open", "conceded")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOff:
    """What a reviewer signed of `element` and all it rests on.

    `current` is whether that part is still what was signed, `independent` whether the signer had no
    hand in it, which is not asked of a rejection; `because` says what is missing, empty if nothing
    is. `hours` is a decimal as text,
    None if the signer did not say.
    """

    element: str
    verdict: str
    conditions: tuple[str, ...]
    says: str
    by: str
    competence: str
    independence: str
    hours: str | None
    at: str
    record: int
    digest: str
    current: bool
    independent: bool
    because: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says anything of the case as it is now."""
        return self.current and self.independent


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissented:
    """A disagreement with a conclusion; it is shown beside it for ever.

    `current` is whether the part of the argument is still what it was then.
    """

    element: str
    says: str
    by: str
    at: str
    record: int
    digest: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """Somebody with authority decided against clauses of a release policy, until `expires` (UTC).

    It is `in_force` until then, as long as the part of the argument is still what it was
    (`current`) and the signer had no hand in it; `because` says what hand they had. `policy` is the
    SHA-256 of the policy that stood beside the case, empty if the record does not say.
    """

    element: str
    clauses: tuple[str, ...]
    authority: str
    reason: str
    by: str
    expires: str
    at: str
    record: int
    digest: str
    current: bool
    in_force: bool
    because: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that was said in review, in the order of the record."""

    challenges: tuple[Challenged, ...] = ()
    sign_offs: tuple[SignedOff, ...] = ()
    dissents: tuple[Dissented, ...] = ()
    overrides: tuple[Overridden, ...] = ()

    @property
    def standing(self) -> tuple[Challenged, ...]:
        """The challenges that nobody answered or took back, minor ones too."""
        return tuple(c for c in self.challenges if c.stands)

    @property
    def contesting(self) -> tuple[Challenged, ...]:
        """The challenges that contest part of the case."""
        return tuple(c for c in self.challenges if c.contests)

    def count(self, standing: Standing) -> int:
        """How many challenges stand so."""
        return sum(c.standing == standing for c in self.challenges)

    def doubt(self, name: str) -> Challenged | None:
        """The challenge that raises the doubt with this id, if one does."""
        return next((c for c in self.challenges if c.doubt and c.doubt == name), None)
