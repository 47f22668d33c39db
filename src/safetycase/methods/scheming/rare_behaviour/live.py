"""`scheming/rare-behaviour-live`: the same forecast, with probabilities from the model itself.

For each query the decoder is held to the tokens of the target by a grammar, and the server
returns the log probability of each token before the grammar: their sum is the logarithm of the
probability that an answer begins with the target, so tokenised, at temperature 1.
"""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.methods.scheming.rare_behaviour import forecast, planted
from safetycase.methods.scheming.rare_behaviour.forecast import (
    LIMITS,
    MEASURES,
    SOURCE,
    Horizon,
    analyse,
)
from safetycase.methods.scheming.rare_behaviour.rows import Elicited
from safetycase.plugin.contract import Context, Measurement, Method, MethodError, ModelAccess
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters", "target_log_probability", "target_tokens"]

PATIENCE_SECONDS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(Horizon):
    """How far to forecast, and the `target`: the words with which a misaligned answer begins.

    The one input holds the queries, one object `{"query": text}` a line. `system` is the system
    prompt, if there is one.
    """

    target: str
    system: str = ""

    def __post_init__(self) -> None:
        Horizon.__post_init__(self)
        if not self.target.strip():
            raise ValueError("`target` holds the words that the behaviour begins with")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Ask the model for the probability of the target after each query, and forecast."""
    if len(inputs) != 1:
        raise MethodError(f"name one file of queries under `inputs`, not {len(inputs)}")
    queries = read_queries(strict.input_file(context, inputs[0]))
    model = _local(context)
    tokens = target_tokens(model, parameters.target)
    rows = []
    for number, query in enumerate(queries, start=1):
        log = target_log_probability(model, parameters.system, query, tokens)
        rows.append(Elicited(query=query, log_probability=log))
        context.progress(number, len(queries), "eliciting")
    name = "elicited.jsonl"
    lines = (
        json.dumps({"query": r.query, "log_probability": r.log_probability}, ensure_ascii=False)
        for r in rows
    )
    context.scratch.joinpath(name).write_text("\n".join(lines) + "\n", "utf-8")
    return analyse(
        rows,
        parameters,
        context.seed,
        artefacts={"elicitation probabilities": name},
        kind=f"log probability of {len(tokens)} tokens at temperature 1",
    )


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """The safest result at the number of queries of the input."""
    tested = len(read_queries(folder / inputs[0])) if len(inputs) == 1 else 0
    return forecast.best_case(tested, parameters) if tested else {}


def read_queries(path: Path) -> list[str]:
    """One `{"query": text}` a line; `MethodError` with file and line for anything else."""
    found: list[str] = []
    seen: set[str] = set()
    for place, value in strict.lines_of(path):
        entry = strict.mapping(value, place, "the row")
        if set(entry) != {"query"}:
            raise MethodError(f"{place}: the keys {sorted(entry)} are not `query` alone")
        query = strict.text(entry["query"], place, "`query`")
        if not query.strip() or query in seen:
            raise MethodError(f"{place}: the query is empty or came before; each counts once")
        seen.add(query)
        found.append(query)
    if not found:
        raise MethodError(f"`{path.name}` holds no query")
    return found


def target_tokens(model: ModelAccess, target: str) -> list[int]:
    """The tokens of the target, as the server splits it."""
    root = model.base_url.removesuffix("/v1")
    found = _post(model, f"{root}/tokenize", {"content": target}).get("tokens")
    if not isinstance(found, list) or not found or not all(type(t) is int for t in found):
        raise MethodError(f"the server gives no tokens for the target `{target[:60]}`")
    return found


def target_log_probability(model: ModelAccess, system: str, query: str, tokens: list[int]) -> float:
    """Log P(the answer to `query` begins with `tokens`); `MethodError` if the server does not say.

    The server must return exactly the tokens that were asked for, each with a finite logarithm.
    """
    before = [{"role": "system", "content": system}] if system else []
    reply = _post(
        model,
        f"{model.base_url}/chat/completions",
        {
            "messages": [*before, {"role": "user", "content": query}],
            "max_tokens": len(tokens),
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 1,
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in tokens),
        },
    )
    try:
        content = reply["choices"][0]["logprobs"]["content"]
        said = [(entry["id"], float(entry["logprob"])) for entry in content]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MethodError("the server returns no log probabilities of tokens") from error
    if [token for token, _ in said] != tokens:
        raise MethodError("the server did not hold the answer to the tokens of the target")
    total = math.fsum(log for _, log in said)
    if not (math.isfinite(total) and all(log <= 0 for _, log in said) and total < 0):
        raise MethodError(
            f"the log probabilities {[log for _, log in said]} after `{query[:40]}` are no finite "
            "numbers up to 0, or all of them 0"
        )
    return total


def _local(context: Context) -> ModelAccess:
    if context.model is None or context.model.provider != "local" or not context.model.base_url:
        raise MethodError(
            "log probabilities of a given target need a model served here (`provider: local`); "
            "for another one, sample elsewhere and use scheming/rare-behaviour"
        )
    return context.model


def _post(model: ModelAccess, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {model.api_key}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as reply:  # noqa: S310
            found = json.load(reply)
    except urllib.error.HTTPError as error:
        said = error.read(300).decode(errors="replace")
        raise MethodError(f"the server refuses `{url}`: {error.code} {said}") from error
    except (OSError, ValueError) as error:
        raise MethodError(f"the server does not answer at `{url}`: {error}") from error
    if not isinstance(found, dict):
        raise MethodError(f"the server answers `{url}` with no object")
    return found


METHOD = Method(
    name="scheming/rare-behaviour-live",
    version="1.0.0",
    says="Asks the model how likely a target is after each query, and forecasts the worst of many.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        *LIMITS,
        "The probability is that of one wording of the target in one tokenisation at temperature "
        "1: other wordings of the behaviour add to it.",
    ),
    source=SOURCE,
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
)
