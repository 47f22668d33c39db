"""A new case from a template: what has to be known, and the text of the case file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from safetycase.argument.findings import did_you_mean
from safetycase.argument.library import NoText
from safetycase.argument.load import LISTS
from safetycase.argument.model import Parameter
from safetycase.argument.nodes import Reader
from safetycase.argument.quoting import inline
from safetycase.argument.scalars import show
from safetycase.argument.template import Template, read_template
from safetycase.plugin.library import templates

__all__ = ["Question", "StartError", "case_of", "parse_answer", "questions", "template_named"]


class StartError(Exception):
    """The template or an answer does not fit; the message says which and why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to know before a case can be written.

    `key` is a dotted name of the header (`decision.owner`) or the name of a parameter;
    `default` is offered, `example` only shown.
    """

    key: str
    says: str
    default: Any = None
    example: Any = None
    parameter: Parameter | None = None


def template_named(name: str) -> Template:
    """The installed template of that name (`StartError` if there is none or it is unreadable)."""
    library = templates()
    try:
        found = library.text(name)
    except NoText as error:
        raise StartError(f"the file of the template `{name}` {error}") from error
    if found is None:
        hint = did_you_mean(name, library.names())
        raise StartError(f"there is no template `{name}`" + (f"; {hint}" if hint else ""))
    template, reader = read_template(*found, LISTS)
    if template is None:
        raise StartError(f"{reader.findings[0].span}: {reader.findings[0].message}")
    return template


def questions(template: Template, name: str, today: date) -> tuple[Question, ...]:
    """What has to be known, in the order in which a person thinks of it."""
    year = (today + timedelta(days=365)).isoformat()
    half = (today + timedelta(days=182)).isoformat()
    header = (
        ("title", "What the case is about, in one line.", name),
        ("target", "The confidence the decision asks for.", 0.9),
        ("decision.supports", "What is decided.", None),
        ("decision.owner", "Who decides.", None),
        ("decision.expires", "Until when the decision stands.", year),
        ("model.weights", "The weights of the deployed model, by name.", None),
        ("model.provider", "What serves the model.", "local"),
        ("system.scaffold", "What runs around the model.", None),
        ("deployment.users", "Who uses it: NUMBER NOUN.", None),
        ("deployment.volume", "How much is done: NUMBER NOUN per PERIOD.", None),
        ("deployment.horizon", "How long it runs: NUMBER NOUN.", None),
        ("deployment.distribution", "What is asked of it; evidence off it does not apply.", None),
        ("harm.what", "The outcome that must not happen.", None),
        ("harm.mistake", "The single mistake that adds up to it.", None),
        ("registry.owner", "Who answers for every run being in the record.", None),
        ("registry.expires", "Until when that is answered for.", half),
    )
    asked = [Question(key=key, says=says, default=default) for key, says, default in header]
    asked += [
        Question(
            key=key,
            says=parameter.says + (f" (in {parameter.unit})" if parameter.unit else ""),
            default=parameter.default,
            example=parameter.example,
            parameter=parameter,
        )
        for key, parameter in template.head.parameters.items()
    ]
    return tuple(asked)


def parse_answer(question: Question, text: str) -> Any:
    """An answer typed on the command line: lists in YAML's flow form, everything else a word."""
    parameter = question.parameter
    if parameter is None or parameter.type in ("text", "choice", "date", "duration", "fact"):
        return text
    try:
        if Reader(text, question.key).findings:  # an alias, a tag, too deep, or no YAML at all
            raise ValueError
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        raise StartError(f"`{question.key}` cannot be read: {text}") from None


def case_of(
    template: Template, name: str, answers: Mapping[str, Any], instance: str = "CASE"
) -> str:
    """The text of a case file that uses the template with these answers.

    Answers that equal a parameter's default are left out, so that the file says what was decided.
    """
    of = {key: _flow(value) for key, value in answers.items()}
    bound = [
        f"          {key}: {_flow(answers[key])}\n"
        for key, parameter in template.head.parameters.items()
        if key in answers and answers[key] is not None and answers[key] != parameter.default
    ]
    pinned = f"{template.head.template}@{template.head.version}"
    with_ = "        with:\n" + "".join(bound) if bound else ""
    return f"""\
# {template.head.title} ({template.head.source}).
# `safetycase check` says what is wrong, `status` what is open, `agenda` what to do next.
case: {inline(name)}
title: {of["title"]}
maturity: sketch
target: {of["target"]}
decision:
  supports: {of["decision.supports"]}
  owner: {of["decision.owner"]}
  expires: {answers["decision.expires"]}
models:
  model: {{weights: {of["model.weights"]}, provider: {of["model.provider"]}}}
system: {{model: model, scaffold: {of["system.scaffold"]}, tools: []}}
deployment:
  users: {of["deployment.users"]}
  volume: {of["deployment.volume"]}
  horizon: {of["deployment.horizon"]}
  distribution: {of["deployment.distribution"]}
harm:
  what: {of["harm.what"]}
  mistake: {of["harm.mistake"]}

root:
  claim: SAFE
  says: Deployed as stated, the system does not cause the harm.
  by:
    argument: WHOLE
    kind: decomposition
    because: The template argues that the harm does not happen, from runs that are all recorded.
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run on this system that bears on the case stands in its record.
        owner: {of["registry.owner"]}
        expires: {answers["registry.expires"]}
      - use: {pinned}
        as: {instance}
{with_}"""


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{inline(str(k), key=True)}: {_flow(v)}" for k, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if isinstance(value, str):
        return inline(value, flow=True)
    return show(value)
