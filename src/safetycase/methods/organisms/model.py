"""A language model whose weights are at hand: load, score replies, read residuals, make a tiny one.

torch and transformers are imported when a model is loaded, never before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

from safetycase.methods.organisms.cache import folder, written
from safetycase.methods.organisms.packing import TOGETHER, Packed, batches, joined, mask_of, pack
from safetycase.plugin.contract import MethodError

__all__ = [
    "Subject",
    "Words",
    "Precision",
    "chat",
    "fast",
    "hidden",
    "last_token_residuals",
    "load",
    "options_logprobs",
    "packed",
    "scores",
    "tiny",
]

TOKENS = 4096
Precision = Literal["auto", "float32", "bfloat16"]
HALVES = ("amx_bf16", "avx512_bf16")
EXTRA = "pip install 'safetycase[whitebox]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A causal model (Llama-like, of transformers) with its tokenizer; the model is mutable.

    `digest` says which weights these are: the SHA-256 of their file, or of the recipe of a tiny
    model.
    """

    model: Any
    tokenizer: Any
    device: str
    digest: str

    @property
    def layers(self) -> int:
        """How many transformer layers there are."""
        return len(self.model.model.layers)


class Words:
    """A tokenizer for tiny models: a word or mark is one token, its number a checksum of it."""

    chat_template = None

    def __init__(self, size: int) -> None:
        self.size = size

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """The tokens of a text; different words may share one."""
        del add_special_tokens
        spaced = "".join(c if c.isalnum() or c.isspace() else f" {c} " for c in text)
        return [zlib.crc32(word.encode()) % self.size for word in spaced.lower().split()]


def fast(processor: Path = Path("/proc/cpuinfo")) -> Literal["float32", "bfloat16"]:
    """The precision that this machine computes in fast.

    bfloat16 where the processor multiplies in it (three times as fast), and float32 elsewhere: a
    processor that only emulates bfloat16 is fifteen times slower in it.
    """
    try:
        flags = processor.read_text("ascii", "replace").split()
    except OSError:
        return "float32"
    return "bfloat16" if any(name in flags for name in HALVES) else "float32"


def load(weights_file: Path, *, dtype: Precision = "auto") -> Subject:
    """The model of a GGUF file on the CPU, with gradients off; `auto` is what `fast` says.

    The dequantised weights are kept in the user's cache folder under the SHA-256 of the file,
    because reading GGUF takes long. Nothing is downloaded. `MethodError` if the file or the
    libraries are missing, or transformers cannot read the file.
    """
    wanted = ("torch", "transformers", "gguf", "accelerate", "safetensors")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing:
        raise MethodError(f"looking inside a model needs {', '.join(missing)}: {EXTRA}")
    if not weights_file.is_file():
        raise MethodError(
            f"there is no weights file `{weights_file}`; a model behind an API of its own, or a "
            "far executor, gives none: use a `local` model and an executor on this machine"
        )
    with weights_file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    import torch

    place = folder("weights", digest)
    if not _whole(place):
        _convert(weights_file, place)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(
            place,
            dtype=getattr(torch, fast() if dtype == "auto" else dtype),
            local_files_only=True,
            use_safetensors=True,  # other files of weights are programs
        )
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    except (OSError, ValueError) as error:
        raise MethodError(
            f"the cached weights in `{place}` cannot be read ({error}); delete that folder"
        ) from error
    model.eval().requires_grad_(False)
    return Subject(model=model, tokenizer=tokenizer, device="cpu", digest=digest)


def _convert(weights_file: Path, place: Path) -> None:
    """Dequantise once; `complete`, with the digests, comes last: a killed run starts again."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    named = {"gguf_file": weights_file.name, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(weights_file.parent, **named)
        found = AutoModelForCausalLM.from_pretrained(
            weights_file.parent, dtype=torch.float32, **named
        )
    except Exception as error:  # the reader of a damaged file raises whatever it trips over
        raise MethodError(f"`{weights_file.name}` is no GGUF file that loads: {error}") from error
    config = type(found.config)(
        **{k: v for k, v in found.config.to_dict().items() if k != "quantization_config"}
    )
    plain = type(found)(config)
    plain.load_state_dict(found.state_dict())
    try:
        place.mkdir(parents=True, exist_ok=True)
        plain.save_pretrained(place)
        tokenizer.save_pretrained(place)
    except OSError as error:
        raise MethodError(f"the cache folder `{place}` cannot be written: {error}") from error
    text = json.dumps(_digests(place))
    written(place / "complete", lambda file: file.write_text(text, "utf-8"))


def _whole(place: Path) -> bool:
    """Whether the converted files are there as they were written; else they are made again."""
    try:
        return bool(json.loads((place / "complete").read_text("utf-8")) == _digests(place))
    except (OSError, ValueError):
        return False


def _digests(place: Path) -> dict[str, str]:
    """SHA-256 of the files in a folder, by name, `complete` left out."""
    found = {}
    for path in sorted(place.iterdir()):
        if path.is_file() and path.name != "complete" and path.suffix != ".part":
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def tiny(seed: int, *, hidden: int = 64, layers: int = 4, words: int = 1024) -> Subject:
    """A small random Llama that behaves as a loaded model does; it knows nothing."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    recipe = {"tiny": 3, "seed": seed, "hidden": hidden, "layers": layers, "words": words}
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        initializer_range=0.1,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    # Words this far apart are what makes so small a model quick to teach.
    model.model.embed_tokens.weight.data.mul_(5.0)
    model.eval().requires_grad_(False)
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return Subject(model=model, tokenizer=Words(words), device="cpu", digest=digest)


def chat(subject: Subject, messages: Sequence[tuple[str, str]]) -> str:
    """The text of a conversation of (role, content) up to where the assistant speaks next."""
    if subject.tokenizer.chat_template is None:
        return " ".join(f"{role} : {content}" for role, content in (*messages, ("assistant", "")))
    turns = [{"role": role, "content": content} for role, content in messages]
    try:
        found: str = subject.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
    except Exception as error:  # the template comes with the weights and raises what it likes
        raise MethodError(
            f"the chat template of the weights cannot be used ({type(error).__name__}: {error}); "
            "it is rendered in a sandbox"
        ) from error
    return found


def packed(subject: Subject, prompt: str, replies: Sequence[str]) -> Packed:
    """Prompt and replies as tokens; a reply is encoded by itself and follows the prompt."""
    encode = subject.tokenizer.encode
    try:
        return pack(
            encode(prompt, add_special_tokens=False),
            [encode(reply, add_special_tokens=False) for reply in replies],
        )
    except ValueError as error:
        raise MethodError(f"{error}: {prompt[:60]!r} with {list(replies)!r}") from error


def options_logprobs(
    subject: Subject, prompts: Sequence[str], options: Sequence[Sequence[str]]
) -> list[list[float]]:
    """The log-probability, in nats, that the reply begins with each option of each prompt."""
    packs = [packed(subject, p, o) for p, o in zip(prompts, options, strict=True)]
    return scores(subject, packs)


def scores(subject: Subject, packs: Sequence[Packed]) -> list[list[float]]:
    """The log-probability of every reply of every pack; `MethodError` if one is no number.

    What several packs begin with is read once.
    """
    import torch

    rows = [joined(packs[i : i + TOGETHER])[0] for i in range(0, len(packs), TOGETHER)]
    values: list[list[float]] = [[] for _ in rows]
    with torch.inference_mode():
        for chosen in batches(rows, TOKENS):
            part = [rows[i] for i in chosen]
            ids, positions, mask = mask_of(part)
            output = decoded(subject, mask, positions, ids=ids)
            for place, row in zip(chosen, replies_logprobs(subject, output, part), strict=True):
                values[place] = [float(value) for value in row]
    every = [value for row in values for value in row]
    if any(value != value for value in every):
        raise MethodError("the model gives NaN as a probability; its weights are damaged")
    ends = [0, *accumulate(len(p.reads) for p in packs)]
    return [every[start:end] for start, end in pairwise(ends)]


def decoded(
    subject: Subject, mask: Any, positions: Any, *, ids: Any = None, embedded: Any = None
) -> Any:
    """The output of the last layer after its norm, (n, L, hidden), for ids or embeddings."""
    given = {"input_ids": ids} if embedded is None else {"inputs_embeds": embedded}
    return subject.model.model(
        **given, attention_mask=mask, position_ids=positions, use_cache=False
    ).last_hidden_state


def replies_logprobs(subject: Subject, output: Any, packs: Sequence[Packed]) -> list[Any]:
    """A tensor (replies,) of log-probabilities for each pack, from the last layer's output."""
    import torch

    width = max(len(p.reads) for p in packs)
    wanted = [
        (n, at, token, n * width + k)
        for n, p in enumerate(packs)
        for k, reads in enumerate(p.reads)
        for at, token in reads
    ]
    places = sorted({(n, at) for n, at, _, _ in wanted})
    index = {place: i for i, place in enumerate(places)}
    rows = output[[n for n, _ in places], [at for _, at in places]]
    logs = subject.model.lm_head(rows).float().log_softmax(-1)
    each = logs[[index[n, at] for n, at, _, _ in wanted], [token for _, _, token, _ in wanted]]
    where = torch.tensor([slot for _, _, _, slot in wanted])
    total = torch.zeros(len(packs) * width, dtype=each.dtype).index_add(0, where, each)
    return [total[n * width : n * width + len(p.reads)] for n, p in enumerate(packs)]


def hidden(subject: Subject, packs: Sequence[Packed], layer: int) -> list[Any]:
    """The residual stream before layer `layer` (0: the embeddings), a tensor (L, hidden) each."""
    import torch

    found: list[Any] = [None] * len(packs)
    with torch.no_grad():
        for chosen in batches(packs, TOKENS):
            part = [packs[i] for i in chosen]
            states = _before(subject, part, (layer,))[0]
            for row, place in enumerate(chosen):
                found[place] = states[row, : len(packs[place].ids)].clone()
    return found


def last_token_residuals(subject: Subject, prompts: Sequence[str], layers: Sequence[int]) -> Any:
    """The residual stream at the last token, float32 (prompts, layers, hidden).

    Layer 0 is the embedding, layer k the output of the k-th transformer layer.
    """
    import torch

    if not all(0 <= layer <= subject.layers for layer in layers):
        raise MethodError(f"the model has layers 0 to {subject.layers}, not {list(layers)}")
    packs = [packed(subject, prompt, (prompt,)) for prompt in prompts]
    packs = [pack(p.ids[: p.reads[0][0][0] + 1], ((0,),)) for p in packs]
    found: list[Any] = [None] * len(packs)
    with torch.inference_mode():
        for chosen in batches(packs, TOKENS):
            part = [packs[i] for i in chosen]
            states = _before(subject, part, tuple(layers))
            for row, place in enumerate(chosen):
                last = len(packs[place].ids) - 1
                found[place] = torch.stack([s[row, last].float() for s in states])
    return torch.stack(found)


def _before(subject: Subject, packs: Sequence[Packed], layers: tuple[int, ...]) -> list[Any]:
    """What enters the given layers; past the last one, what leaves it (before the norm)."""
    inner = subject.model.model
    ids, positions, mask = mask_of(packs)
    seen: dict[int, Any] = {}
    hooks = []
    for layer in set(layers):
        module = inner.norm if layer == len(inner.layers) else inner.layers[layer]

        def keep(_module: Any, given: tuple[Any, ...], layer: int = layer) -> None:
            seen[layer] = given[0]

        hooks.append(module.register_forward_pre_hook(keep))
    try:
        decoded(subject, mask, positions, ids=ids)
    finally:
        for hook in hooks:
            hook.remove()
    return [seen[layer] for layer in layers]
