"""Who answers in an Inspect evaluation: the model of a role, held to the form of the reply."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ResponseSchema,
    get_model,
)
from inspect_ai.util import JSONSchema

from safetycase.methods.oversight.live.play import Ask, Form
from safetycase.methods.oversight.live.prompts import Messages

__all__ = ["asker"]

_ROLES: dict[str, Any] = {"system": ChatMessageSystem, "user": ChatMessageUser}
_PERCENT = JSONSchema(type="integer", enum=[*range(101)])  # providers ignore a minimum
_EACH = 12  # tokens of one more estimate
_TEXT = JSONSchema(type="string")


def asker(*, constrained: bool, words: int, reply_tokens: int = 64) -> Ask:
    """Asks models by role. A debater has three tokens a word, everybody at least `reply_tokens`.

    Judges answer greedily, except where several votes are drawn.
    """

    async def ask(role: str, messages: Messages, form: Form, vote: int) -> str:
        schema = _schema(form) if constrained and form != "text" else None
        speaks = form in ("text", "steps")
        needed = reply_tokens + (_EACH * form if isinstance(form, int) else 0)
        config = GenerateConfig(
            max_tokens=max(3 * words, reply_tokens) if speaks else needed,
            temperature=None if speaks else float(vote > 0),
            seed=vote or None,
            response_schema=schema,
        )
        told: list[ChatMessage] = [_ROLES[who](content=text) for who, text in messages]
        output = await _model(role).generate(told, config=config)
        return output.completion if output.choices else ""

    return ask


def _model(role: str) -> Model:
    """The model of `judge_2`, else of `judge`, else of the evaluation; other roles as they are."""
    if role.startswith("judge_"):
        return get_model(role=role, default=get_model(role="judge"))
    return get_model(role=role)


def _schema(form: Form) -> ResponseSchema:
    if isinstance(form, int):
        keys = ["claim", *(f"step_{number}" for number in range(1, form + 1))]
        return _object("estimates", dict.fromkeys(keys, _PERCENT))
    if form == "steps":
        return _object("steps", {"steps": JSONSchema(type="array", items=_TEXT)})
    return _object("judgement", {form: _PERCENT})


def _object(name: str, parts: dict[str, JSONSchema]) -> ResponseSchema:
    shape = JSONSchema(
        type="object", properties=parts, required=list(parts), additionalProperties=False
    )
    return ResponseSchema(name=name, json_schema=shape, strict=True)
