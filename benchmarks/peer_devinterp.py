"""devinterp's local learning coefficient of the transformer, by the Python it is installed in.

`PYTHON peer_devinterp.py WORK DRAWS`: reads WORK/weights.safetensors and WORK/ids.safetensors,
prints one line of JSON: CPU seconds without imports, the estimate, and the trace of losses.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parent))
from llc_transformer import Transformer, token_losses

SETTINGS = {"lr": 1e-4, "n_beta": 30.0, "localization": 100.0, "batch_size": 32, "num_chains": 4}


def main(work: Path, draws: int, method: str) -> dict[str, object]:
    """One run of `llc` with everything else as it comes."""
    from datasets import Dataset
    from devinterp.slt.llc import llc

    module = Transformer()
    module.load_state_dict(load_file(work / "weights.safetensors"))
    ids = load_file(work / "ids.safetensors")["ids"]
    dataset = Dataset.from_dict({"input_ids": ids.tolist()}).with_format("torch")
    began = time.process_time()
    found = llc(
        module,
        dataset,
        {},
        num_draws=draws,
        sampling_method=method,
        loss_fn=token_losses,
        device="cpu",
        **SETTINGS,
    )
    spent = time.process_time() - began
    return {
        "seconds": spent,
        "mean": float(found.llc_mean),
        "spread": float(found.llc_std),
        "start": float(found.init_loss),
        "trace": found.loss_trace.values.tolist(),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print("RESULT " + json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
