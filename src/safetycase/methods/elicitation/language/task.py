"""The task of a context search in a language model: patches before a question, forced replies.

The loss is log P(other replies) − log P(replies looked for), among the replies offered, each up to
where it differs from all others: below 0, what is looked for is the likelier. What counts is what
`fires` says, from whole replies, which is how the platform reads an answer everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from safetycase.methods.elicitation.language.forward import (
    Frame,
    Head,
    caching,
    chunks,
    exit_at,
    frame,
    head_for,
    logprobs,
    shared,
    states,
    tails,
)
from safetycase.methods.elicitation.language.prompts import Prompt, shortened
from safetycase.methods.elicitation.language.vocabulary import Alphabet, Writing, writing
from safetycase.methods.organisms.model import Subject
from safetycase.plugin.contract import MethodError

__all__ = ["DraftedTask", "LanguageTask", "language_task"]

GRADIENT = 3.0  # evaluations: forward, and backward at about twice that


@dataclass(slots=True, kw_only=True)
class LanguageTask:
    """A `ContextTask` over prompts; contexts are their places in `prompts`.

    The first `train` are there to search on, the others to accept on. The weights may be changed
    between calls (an adapter merged): the head is then run again.
    """

    name: str
    subject: Subject
    reference: Subject
    frame: Frame
    short: Frame
    writing: Writing
    prompts: tuple[Prompt, ...]
    train: int
    vocabulary: int
    length: int
    allowed: Any
    evaluations: float = 0.0
    _heads: dict[str, tuple[int, Head]] = field(default_factory=dict)

    @property
    def embedding(self) -> Any:
        """The vectors of tokens, (vocabulary, width)."""
        return self.subject.model.model.embed_tokens.weight

    def draw(self, count: int, generator: Any) -> Any:
        """Up to `count` different prompts of those to search on."""
        import torch

        return torch.randperm(self.train, generator=generator)[:count]

    def held_out(self, count: int, generator: Any) -> Any:
        """Up to `count` different prompts that no search sees."""
        import torch

        rest = len(self.frame.ids) - self.train
        return self.train + torch.randperm(rest, generator=generator)[:count]

    def losses(self, patches: Any, contexts: Any) -> Any:
        """(P, C) margins in nats."""
        self.evaluations += len(patches) * len(contexts)
        logs = self.logs(self.subject, "model", patches, contexts, self.short)
        return self.margins(logs, contexts)

    def fires(self, patches: Any, contexts: Any) -> Any:
        """(P, C) bools: the reply given is one that is looked for."""
        self.evaluations += len(patches) * len(contexts)
        return self.given(self.logs(self.subject, "model", patches, contexts), contexts)

    def replies(self, patches: Any, contexts: Any) -> Any:
        """(P, C, replies): the log-probability of every reply in nats."""
        self.evaluations += len(patches) * len(contexts)
        return self.logs(self.subject, "model", patches, contexts)

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """(k, vocabulary): the change of the mean margin by a token, to first order."""
        import torch

        words = self.embedding
        soft = words[patch].detach().float().requires_grad_()
        total = torch.zeros_like(soft)
        self.evaluations += GRADIENT * len(contexts)
        for part in chunks(self.short, contexts):
            margins = self._soft(soft, contexts[part])
            (slope,) = torch.autograd.grad(margins.sum(), soft)
            total += slope
        mean = total / len(contexts)
        ahead = (mean.to(words.dtype) @ words.T).float()
        return ahead - (mean * soft.detach()).sum(-1, keepdim=True)

    def soft_losses(self, soft: Any, contexts: Any) -> Any:
        """(C,) margins for a patch of vectors (k, width), with a gradient."""
        self.evaluations += GRADIENT * len(contexts)
        return self._soft(soft, contexts)

    def admissible(self, patches: Any) -> Any:
        """(P,) bools: the text of the patch, in its place, is read back as the patch."""
        import torch

        return torch.tensor(self.writing.same(patches.tolist()), dtype=torch.bool)

    def fluency(self, patches: Any) -> Any:
        """(P,) mean log-probability of the patch after the head, under the reference, in nats."""
        import torch

        head = self.head(self.reference, "reference")
        found = []
        with torch.inference_mode():
            for some in patches.split(256):
                logs = self.next_logs(some, head)
                found.append(logs.gather(2, some[..., None])[..., 0].mean(1))
        return torch.cat(found)

    def next_logs(self, patches: Any, head: Head | None = None) -> Any:
        """(P, k, vocabulary): log-probabilities of the reference for each place of the patch."""
        import torch

        ids = self.frame.head
        given = torch.cat([torch.full((len(patches), 1), ids[-1]), patches[:, :-1]], dim=1)
        head = head or self.head(self.reference, "reference")
        cache = head.cache(len(patches), len(ids) - 1)
        inner = self.reference.model.model
        output = inner(input_ids=given, use_cache=True, **caching(inner, cache)).last_hidden_state
        return self.reference.model.lm_head(output).float().log_softmax(-1)

    def plain(self, contexts: Any) -> Any:
        """(C,) bools: whether a prompt fires with nothing in its gap.

        Where it does, a patch after which it fires has shown nothing.
        """
        import torch

        bare = self.resized(0)
        found = bare.fires(torch.empty(1, 0, dtype=torch.int64), contexts)[0]
        self.evaluations += len(contexts)
        return found

    def only(self, places: Sequence[int]) -> LanguageTask:
        """The same task with the prompts at these places (in order) and no others.

        What the prompts begin with may then be longer.
        """
        kept = tuple(self.prompts[place] for place in places)
        return replace(
            self,
            prompts=kept,
            train=sum(place < self.train for place in places),
            frame=frame(kept, self.length),
            short=frame([shortened(prompt) for prompt in kept], self.length),
            evaluations=0.0,
            _heads={},
        )

    def resized(self, length: int) -> LanguageTask:
        """The same task for patches of `length` tokens; its evaluations are counted from 0."""
        if length == self.length:
            return replace(self, evaluations=0.0)
        short = frame([shortened(prompt) for prompt in self.prompts], length)
        whole = frame(self.prompts, length)
        return replace(self, length=length, frame=whole, short=short, evaluations=0.0)

    def text(self, patch: Any) -> str:
        """The patch as it is typed before the question."""
        return self.writing.text([int(token) for token in patch])

    def given(self, logs: Any, contexts: Any) -> Any:
        """Bools: whether the reply given by these log-probabilities (.., C, replies) is sought."""
        import torch

        last = torch.zeros_like(self.frame.offered)
        last[:, -1] = self.frame.abstains
        options = logs.masked_fill(last[contexts], -torch.inf)
        chosen = options.argmax(-1)
        sought = self.frame.sought[contexts].expand(logs.shape)
        hit = sought.gather(-1, chosen[..., None])[..., 0]
        abstained = self.frame.abstains[contexts] & (logs[..., -1] > options.logsumexp(-1))
        return hit & ~abstained

    def margins(self, logs: Any, contexts: Any) -> Any:
        """The loss of log-probabilities (.., C, replies) in nats."""
        import torch

        sought = self.frame.sought[contexts]
        wanted = logs.masked_fill(~sought, -torch.inf).logsumexp(-1)
        others = logs.masked_fill(sought, -torch.inf).logsumexp(-1)
        return others - wanted

    def _soft(self, soft: Any, contexts: Any) -> Any:
        import torch

        head, at = self.head(self.subject, "model"), self.short
        if shared(at, contexts):
            every = torch.zeros(len(contexts), dtype=torch.int64)
            output = tails(self.subject, at, head, contexts, every, soft[None])
        else:
            patches = soft.expand(len(contexts), -1, -1)
            output = states(self.subject, at, head, contexts, patches)
        logs = logprobs(self.subject, self.short, contexts, output)
        return self.margins(logs, contexts)

    def logs(
        self, subject: Subject, kind: str, patches: Any, contexts: Any, at: Frame | None = None
    ) -> Any:
        """(P, C, replies) under `subject`, whose head is kept under the name `kind`."""
        import torch

        head, at = self.head(subject, kind), at or self.frame
        words = self.embedding
        count = len(contexts)
        every = contexts.repeat(len(patches))
        found = torch.empty(len(every), at.replies)
        with torch.inference_mode():
            for part in chunks(at, every):
                chosen, which = every[part], torch.tensor(part) // count
                used, rows = which.unique(return_inverse=True)
                # Patches that stand in one context each gain nothing from two passes.
                if 2 * len(used) <= len(part) and shared(at, chosen):
                    output = tails(subject, at, head, chosen, rows, words[patches[used]])
                else:
                    output = states(subject, at, head, chosen, words[patches[which]])
                found[part] = logprobs(subject, at, chosen, output)
        if found.isnan().any():
            raise MethodError("the model gives NaN as a probability; its weights are damaged")
        return found.view(len(patches), count, -1)

    def head(self, subject: Subject, kind: str) -> Head:
        """The head under the weights as they are now."""
        now = sum(weight._version for weight in subject.model.model.parameters())
        kept = self._heads.get(kind)
        if kept is None or kept[0] != now:
            kept = now, head_for(subject, self.frame.head)
            self._heads[kind] = kept
        return kept[1]


@dataclass(slots=True, kw_only=True)
class DraftedTask(LanguageTask):
    """A task whose candidates are ranked by the first `draft_layers` layers (the logit lens).

    It pays only where those layers already know the answer; a search measures whether they do.
    """

    draft_layers: int

    @property
    def draft_cost(self) -> float:
        """The share of an evaluation."""
        return self.draft_layers / self.subject.layers

    def drafts(self, patches: Any, contexts: Any) -> Any:
        """(P, C) margins read off after the first `draft_layers` layers (the logit lens)."""
        self.evaluations += self.draft_cost * len(patches) * len(contexts)
        early = exit_at(self.subject, self.draft_layers)
        return self.margins(self.logs(early, "draft", patches, contexts, self.short), contexts)


def language_task(
    subject: Subject,
    train: Sequence[Prompt],
    held_out: Sequence[Prompt],
    *,
    length: int,
    name: str = "language model",
    reference: Subject | None = None,
    alphabet: Alphabet = "words",
    draft_layers: int = 0,
) -> LanguageTask:
    """Patches of `length` tokens in the gap of prompts, for `search`.

    `reference` says how fluent a patch is: the model from before what is in doubt, or the subject
    itself. With `draft_layers`, so many layers rank candidates. `MethodError` when
    there is nothing to search on; without held-out prompts a
    search can accept nothing and says so.
    """
    if not train or length < 1:
        raise MethodError("a search needs a prompt to search on, and a patch of a token or more")
    if {p.name for p in train} & {p.name for p in held_out}:
        raise MethodError("a prompt to accept on is one of those to search on")
    if not 0 <= draft_layers <= subject.layers:
        raise MethodError(f"`draft_layers` is 0 to {subject.layers}, not {draft_layers}")
    prompts = (*train, *held_out)
    letters = writing(subject.tokenizer, alphabet, prompts[0].before, prompts[0].after)
    named: dict[str, Any] = {
        "name": name,
        "subject": subject,
        "reference": reference or subject,
        "frame": frame(prompts, length),
        "short": frame([shortened(prompt) for prompt in prompts], length),
        "writing": letters,
        "prompts": prompts,
        "train": len(train),
        "vocabulary": len(subject.model.model.embed_tokens.weight),
        "length": length,
        "allowed": letters.allowed,
    }
    if draft_layers:
        return DraftedTask(**named, draft_layers=draft_layers)
    return LanguageTask(**named)
