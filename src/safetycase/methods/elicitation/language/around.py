"""A task built around a language task: another loss, the same prompts and patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.language.task import LanguageTask

__all__ = ["Around"]


@dataclass(slots=True, kw_only=True)
class Around:
    """Everything is passed on to the task `of`; what builds on it changes what it must."""

    of: LanguageTask

    @property
    def name(self) -> str:
        """The task's."""
        return self.of.name

    @property
    def vocabulary(self) -> int:
        """The task's."""
        return self.of.vocabulary

    @property
    def length(self) -> int:
        """The task's."""
        return self.of.length

    @property
    def allowed(self) -> Any:
        """The task's."""
        return self.of.allowed

    @property
    def evaluations(self) -> float:
        """The task's, by the share of the model that was needed."""
        return self.of.evaluations

    def draw(self, count: int, generator: Any) -> Any:
        """As the task."""
        return self.of.draw(count, generator)

    def held_out(self, count: int, generator: Any) -> Any:
        """As the task."""
        return self.of.held_out(count, generator)

    def admissible(self, patches: Any) -> Any:
        """As the task."""
        return self.of.admissible(patches)

    def losses(self, patches: Any, contexts: Any) -> Any:
        """As the task."""
        return self.of.losses(patches, contexts)

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """As the task."""
        return self.of.slopes(patch, contexts)

    def fires(self, patches: Any, contexts: Any) -> Any:
        """(P, C) bools, by what the whole model replies."""
        return self.of.fires(patches, contexts)

    def text(self, patch: Any) -> str:
        """As the task."""
        return self.of.text(patch)
