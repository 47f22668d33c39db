"""The peer of the prefix race: nanoGCG, run by the Python of its own environment.

    PYTHON benchmarks/peer_nanogcg.py TASK.json ANSWER.json

TASK.json holds `model` (a folder that transformers 4.47 reads), `template`, `train` and `held_out`
(each a list of {content, replies, right} with `{optim_str}` in the content), `checks` (replies'
log-probabilities as the other side computes them), `config` of GCG, `seed`, `steps` for each call
and `cap` in CPU seconds. nanoGCG optimises one prompt and one target at a time, so calls go round
the training items, each from where the one before ended. After each call its string is asked on all
training items, and on the held-out ones where that looks good: this is not charged to it.
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
    model = LlamaForCausalLM.from_pretrained(folder, torch_dtype=torch.bfloat16).eval()
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
    turns = [{"role": "user", "content": item["content"].replace("{optim_str}", patch)}]
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


def right(model, tokenizer, items: list[dict], patch: str) -> int:
    """How many items are answered right: the likeliest option, unless it abstains."""
    count = 0
    for item in items:
        *options, abstain = logprobs(model, tokenizer, item, patch)
        together = float(torch.tensor(options).logsumexp(0))
        count += abstain <= together and options.index(max(options)) == item["right"]
    return count


def counted(model) -> dict[str, float]:
    """Sequences through the model, three where a gradient is taken; filled while it runs."""
    tally = {"evaluations": 0.0}

    def count(_module, args, kwargs, _output) -> None:
        rows = kwargs["inputs_embeds"] if "inputs_embeds" in kwargs else args[0]
        tally["evaluations"] += len(rows) * (3 if torch.is_grad_enabled() else 1)

    model.register_forward_hook(count, with_kwargs=True)
    return tally


def chased(task: dict, model, tokenizer) -> dict:
    """Calls until a string is accepted or the CPU time is spent."""
    generator = random.Random(task["seed"])
    tally, used, spent, calls = counted(model), 0.0, 0.0, 0
    string, best, order = task["config"]["optim_str_init"], (-1, ""), []
    need = task["accept"] * len(task["held_out"])
    while used < task["cap"]:
        if not order:
            order = generator.sample(task["train"], len(task["train"]))
        item = order.pop()
        given = task["config"] | {"optim_str_init": string, "seed": task["seed"] + calls}
        config = nanogcg.GCGConfig(**given, num_steps=task["steps"], verbosity="ERROR")
        turns = [{"role": "user", "content": item["content"]}]
        tally["evaluations"], start = 0.0, time.process_time()
        found = nanogcg.run(model, tokenizer, turns, item["replies"][item["right"]], config)
        used += time.process_time() - start
        spent += tally["evaluations"]
        calls, string = calls + 1, found.best_string
        hits = right(model, tokenizer, task["train"], string)
        best = max(best, (hits, string))
        print(f"{used:.0f} CPU-s, {hits} of {len(task['train'])}: {string!r}", file=sys.stderr)
        if hits >= task["promising"] * len(task["train"]):
            held = right(model, tokenizer, task["held_out"], string)
            if held >= need:
                return {"string": string, "held_out": held, "seconds": used, "evaluations": spent}
    held = right(model, tokenizer, task["held_out"], best[1])
    return {
        "string": None,
        "best": best[1],
        "held_out": held,
        "seconds": used,
        "evaluations": spent,
    }


def main() -> None:
    """Check that both sides have the same model, then run."""
    logging.disable(logging.WARNING)
    given, answer = sys.argv[1:]
    task = json.loads(Path(given).read_text("utf-8"))
    model, tokenizer = loaded(task)
    for check in task["checks"]:
        here = logprobs(model, tokenizer, task["train"][check["item"]], check["patch"])
        off = max(abs(a - b) for a, b in zip(here, check["logprobs"], strict=True))
        if off > 0.5:
            raise SystemExit(f"the model differs from the other side's by {off:.2f} nats")
    Path(answer).write_text(json.dumps(chased(task, model, tokenizer)), "utf-8")


if __name__ == "__main__":
    main()
