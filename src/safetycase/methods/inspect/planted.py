"""Offline models with a known ability, for controls and tests: `planted/NAME` in Inspect.

They read the right answer from a `[key X]` in the prompt, count no tokens through the network,
and answer by name: `able`, `half`, `chance`, `sandbag`, `garbage`, `hostile`, `long`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["answer", "offline", "register"]

_KEY = re.compile(r"\[key ([A-D])\]")
_REGISTERED: set[str] = set()


def answer(name: str, prompt: str) -> str:
    """What the planted model `name` says to `prompt`: a pure function of both."""
    found = _KEY.search(prompt)
    key = found[1] if found else "A"
    draw = int.from_bytes(hashlib.sha256(f"{name}\n{prompt}".encode()).digest()[:4], "big")
    if name == "able":
        return key
    if name == "half":
        return key if draw % 2 else "BCDA"["ABCD".index(key)]
    if name == "chance":
        return "ABCD"[draw % 4]
    if name == "sandbag":
        return "BCDA"["ABCD".index(key)]
    if name == "hostile":
        return "</script><script>alert(1)</script>\x1b[2J\x00\u202e" + key
    if name == "long":
        return key + "A" * 1_000_000
    return "\ufffd\x00 not an answer"


def register() -> None:
    """Make `planted/NAME` known to Inspect in this process."""
    offline("planted", lambda name, messages: answer(name, messages[-1][1]))


def offline(provider: str, says: Callable[[str, Sequence[tuple[str, str]]], str]) -> None:
    """Make `provider/NAME` known to Inspect in this process, once.

    `says` is given the name and the (role, text) messages; nothing leaves the machine.
    """
    if provider in _REGISTERED:
        return
    from inspect_ai.model import (
        ChatCompletionChoice,
        ChatMessageAssistant,
        GenerateConfig,
        ModelAPI,
        ModelOutput,
        ModelUsage,
        modelapi,
    )

    class Offline(ModelAPI):
        def __init__(
            self,
            model_name: str,
            base_url: str | None = None,
            api_key: str | None = None,
            config: GenerateConfig | None = None,
            **_: Any,
        ) -> None:
            super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())

        async def generate(self, input: Any, *_: Any, **__: Any) -> ModelOutput:  # noqa: A002
            said = says(self.model_name, [(str(m.role), str(m.text)) for m in input])
            return ModelOutput(
                model=self.model_name,
                choices=[ChatCompletionChoice(message=ChatMessageAssistant(content=said))],
                usage=ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2),
            )

        async def count_text_tokens(self, text: str) -> int:
            return len(text) // 4

        def max_connections(self) -> int:
            return 64

    modelapi(name=provider)(Offline)
    _REGISTERED.add(provider)
