"""A local inference server as its own process: `python -m safetycase.evidence.server`.

Prints one JSON line with the address once it answers, and ends when its standard input closes,
so that it can never outlive the program that started it, however that one ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request


def main() -> int:
    """Serve one GGUF file on loopback; returns 3 when the server cannot be started."""
    parser = argparse.ArgumentParser(prog="python -m safetycase.evidence.server")
    parser.add_argument("--weights", required=True, help="a GGUF file")
    parser.add_argument("--slots", type=int, default=4, help="requests served at once")
    parser.add_argument("--context", type=int, default=2048, help="tokens per request")
    arguments = parser.parse_args()
    try:
        import xllamacpp
    except ImportError as error:
        return _fail(f"xllamacpp is not installed ({error}); pip install 'safetycase[local]'")
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints goes to standard error
    threads = max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    params = xllamacpp.CommonParams()
    params.model.path = arguments.weights
    params.n_ctx = arguments.context * arguments.slots
    params.n_parallel = arguments.slots
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.warmup = False
    params.verbosity = -1
    params.cache_ram_mib = 256  # old prompts kept in memory; the default is 8 GiB
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    try:
        server = xllamacpp.Server(params)
        address = str(server.listening_address)
        _wait(address)
    except Exception as error:
        return _fail(f"the local server did not start: {error}")
    channel.write(json.dumps({"url": address}) + "\n")
    channel.flush()
    sys.stdin.read()
    os._exit(0)  # the library's threads need no farewell


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:  # noqa: S310
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _fail(message: str) -> int:
    print(json.dumps({"error": message}))  # noqa: T201 - the channel to the parent
    return 3


if __name__ == "__main__":
    sys.exit(main())
