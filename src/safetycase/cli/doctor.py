"""`doctor`: whether everything is here that running a case needs."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import click

from safetycase.argument.model import ModelSpec
from safetycase.cli.common import Exit, as_json_option, echo_json
from safetycase.evidence.models import PACKAGED, ModelMissing, weights_path
from safetycase.plugin.catalogue import BrokenMethod, installed


@click.command()
@as_json_option
def doctor(as_json: bool) -> int:
    """Check Python, the extras, the packaged models, the key, the port and the methods."""
    rows = list(_rows())
    if as_json:
        echo_json([{"what": what, "ok": ok, "says": says} for what, ok, says in rows])
    else:
        for what, ok, says in rows:
            mark = click.style("ok  ", fg="green") if ok else click.style("miss", fg="red")
            click.echo(f"{mark} {what}: {says}")
    return Exit.HOLDS if all(ok for _, ok, _ in rows) else Exit.FINDINGS


def _rows() -> Iterator[tuple[str, bool, str]]:
    yield "Python", sys.version_info >= (3, 11), ".".join(map(str, sys.version_info[:3]))
    for package, extra in (
        ("inspect-ai", "inspect"),
        ("openai", "inspect"),
        ("xllamacpp", "local"),
    ):
        try:
            yield package, True, version(package)
        except PackageNotFoundError:
            yield package, False, f"not installed; pip install 'safetycase[{extra}]'"
    from pathlib import Path

    for name in PACKAGED:
        try:
            path = weights_path(ModelSpec(weights=name), Path())
            yield f"model {name}", True, str(path)
        except ModelMissing as error:
            yield f"model {name}", False, str(error)
    yield _key()
    yield _port()
    for name, entry in installed().methods.items():
        try:
            yield f"method {name}", True, entry.load().version
        except BrokenMethod as error:
            yield f"method {name}", False, str(error)


def _key() -> tuple[str, bool, str]:
    from safetycase.ledger import default_key_path

    path = default_key_path(os.environ)
    if path.is_file():
        return "key", os.access(path, os.R_OK), str(path)
    folder = next(p for p in path.parents if p.exists())
    return "key", os.access(folder, os.W_OK), f"will be made at {path} on the first run"


def _port() -> tuple[str, bool, str]:
    try:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            return "loopback", True, f"a free port can be had (such as {found.getsockname()[1]})"
    except OSError as error:
        return "loopback", False, f"no port on 127.0.0.1: {error.strerror}"
