"""The peer of the prefix race: nanoGCG, run by the Python of its own environment.

    PYTHON benchmarks/peer_nanogcg.py TASK.json

TASK.json holds `model` (a folder that transformers 4.47 reads), `template`, `train` (a list
of {turns, replies, target} with `{optim_str}` in the last turn), `checks` (log-probabilities of
replies as the other side computes them), `config` of GCG, `seed`, `steps` for each call, `restart`
(calls from one start) and `cap` in CPU seconds. nanoGCG optimises one prompt and one target at a
time, so calls go round the training items, each from where the one before ended, and after
`restart` calls from the first string again with another seed.

After each call one line of JSON goes out: every string that it came by, with the CPU seconds and
evaluations by then. A line that comes in says whether to go on (`go`): the other side asks each
string on its held-out items, which is not charged to the peer.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import warnings
from pathlib import Path

import nanogcg
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def loaded(task: dict) -> tuple:
    """The model and a tokenizer that gives the same tokens as on the other side.

    Without a token for the beginning: nanoGCG takes its text out of the whole template, and in this
    template it marks every turn.
    """
    folder = Path(task["model"])
    model = LlamaForCausalLM.from_pretrained(folder, torch_dtype="auto").eval()
    model.requires_grad_(False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
    )
    tokenizer.chat_template = task["template"]
    return model, tokenizer


def logprobs(model, tokenizer, item: dict, patch: str) -> list[float]:
    """The log-probability of each reply after the patch."""
    turns = [
        one | {"content": one["content"].replace("{optim_str}", patch)} for one in item["turns"]
    ]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    found = []
    with torch.no_grad():
        for reply in item["replies"]:
            tokens = tokenizer(reply, add_special_tokens=False)["input_ids"]
            logits = model(torch.tensor([prompt + tokens[:-1]])).logits[0, len(prompt) - 1 :]
            logs = logits.float().log_softmax(-1)
            found.append(float(logs[range(len(tokens)), tokens].sum()))
    return found


def counted(model) -> dict[str, float]:
    """Sequences through the model, three where a gradient is taken; filled while it runs."""
    tally = {"evaluations": 0.0}

    def count(_module, args, kwargs, _output) -> None:
        rows = kwargs["inputs_embeds"] if "inputs_embeds" in kwargs else args[0]
        tally["evaluations"] += len(rows) * (3 if torch.is_grad_enabled() else 1)

    model.register_forward_hook(count, with_kwargs=True)
    return tally


def chased(task: dict, model, tokenizer, talk) -> None:
    """Call after call until told to stop or the CPU time is spent; `talk` takes what was found."""
    generator = random.Random(task["seed"])
    tally, used, spent, calls = counted(model), 0.0, 0.0, 0
    string, order = task["config"]["optim_str_init"], []
    while used < task["cap"]:
        if not order:
            order = generator.sample(task["train"], len(task["train"]))
        item = order.pop()
        given = task["config"] | {"optim_str_init": string, "seed": task["seed"] * 1000 + calls}
        config = nanogcg.GCGConfig(**given, num_steps=task["steps"], verbosity="ERROR")
        tally["evaluations"], start = 0.0, time.process_time()
        found = nanogcg.run(
            model, tokenizer, item["turns"], item["replies"][item["target"]], config
        )
        took = time.process_time() - start
        rows = [
            {
                "string": one,
                "seconds": used + step / len(found.strings) * took,
                "evaluations": spent + step / len(found.strings) * tally["evaluations"],
            }
            for step, one in enumerate(found.strings, start=1)
        ]
        used, spent, calls = used + took, spent + tally["evaluations"], calls + 1
        string = found.best_string
        print(f"{used:.0f} CPU-s, loss {found.best_loss:.2f}: {string!r}", file=sys.stderr)
        if calls % task["restart"] == 0:
            string = task["config"]["optim_str_init"]
        if not talk(rows):
            return


def main() -> None:
    """Check that both sides have the same model, then run."""
    logging.disable(logging.WARNING)
    out, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer

    def talk(rows: list[dict]) -> bool:
        print(json.dumps(rows), file=out, flush=True)
        return sys.stdin.readline().strip() == "go"

    task = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    model, tokenizer = loaded(task)
    off = [
        abs(a - b)
        for check in task["checks"]
        for a, b in zip(
            logprobs(model, tokenizer, task["train"][check["item"]], check["patch"]),
            check["logprobs"],
            strict=True,
        )
    ]
    # In half precision a logit is off by an eighth; a wrong setting changes it by nats.
    if sum(off) / len(off) > 0.4:
        raise SystemExit(f"the model differs from the other side's: {off}")
    chased(task, model, tokenizer, talk)


if __name__ == "__main__":
    main()
