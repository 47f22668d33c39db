"""`serve`: the case as pages that follow its files, on this machine unless told otherwise."""

from __future__ import annotations

import contextlib
import gc
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    instant,
    printable,
)
from safetycase.cli.run_stop import listening
from safetycase.workspace.paths import find_case

__all__ = ["serve"]


@click.command(
    epilog="The pages follow the files: what is saved is shown. GET changes nothing; only "
    "--allow-run lets a page run evidence, and only --review lets one sign with your key."
)
@case_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8471,
    show_default=True,
    help="The port; 0 for any that is free.",
)
@click.option(
    "--token",
    "with_token",
    is_flag=True,
    help="Ask readers for a token, which is made now and printed once, in an address. Needed for "
    "a host that other machines reach; --allow-run and --review always ask for one.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Answer to this name too, such as that of a proxy before it (repeatable).",
)
@click.option("--allow-run", is_flag=True, help="Show buttons that run evidence, and obey them.")
@click.option(
    "--review",
    "may_review",
    is_flag=True,
    help="Show forms that challenge, answer and sign, with the key in SAFETYCASE_KEY.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--now", "at", metavar="TIME", help="Judge as of this time (UTC), which then stands still."
)
@as_json_option
def serve(
    case: Path,
    host: str,
    port: int,
    with_token: bool,
    names: tuple[str, ...],
    allow_run: bool,
    may_review: bool,
    open_browser: bool,
    at: str | None,
    as_json: bool,
) -> int:
    """Serve CASE as pages: outline, claims, map, agenda, monitors, findings, review.

    They are loaded anew by themselves when a file of the case or its record changes, and when
    evidence expires. Ends with Ctrl-C.
    """
    for package in ("starlette", "uvicorn"):
        if find_spec(package) is None:
            raise click.ClickException(f"serving needs {package}: pip install 'safetycase[serve]'")
    from safetycase.monitor.webhook import is_loopback

    if not is_loopback(host) and not with_token:
        raise click.UsageError(
            f"--host {printable(host)} lets other machines in: add --token, or stay on this "
            "machine and reach it through ssh -L"
        )
    folder = find_case(case)
    if may_review:
        _usable_key()
    fixed = instant(at, "--now") if at is not None else None
    gc.enable()  # `main` turned it off for what only reads; this may take days

    import secrets

    from safetycase.web.app import Wanted, application
    from safetycase.web.server import server_of

    place = _listening(host, port)
    port = place.getsockname()[1]
    wanted = Wanted(
        folder=folder,
        clock=(lambda: fixed) if fixed else _clock,
        token=secrets.token_urlsafe(32) if with_token or allow_run or may_review else None,
        secret=secrets.token_urlsafe(32),
        names=frozenset(_names(host, names)),
        cookie=f"safetycase-{port}",
        run_command=_run_command(folder) if allow_run else None,
        may_review=may_review,
    )
    app = application(wanted)
    address = _address(host, port)
    full = f"{address}?token={wanted.token}" if wanted.token else address
    if as_json:
        echo_json({"url": full, "case": str(folder)})
    else:
        _say(folder, full, host)
    sys.stdout.flush()
    with place, listening() as asked, _in_a_browser(full if open_browser else ""):
        asked.gentle = True  # uvicorn hands on the signal that it ended for
        server_of(app).run(sockets=[place])
    return Exit.HOLDS


@contextlib.contextmanager
def _in_a_browser(address: str) -> Iterator[None]:
    """Open an address in a browser, if there is one to open.

    Every user of a machine can read what a program was started with. So a browser is not handed an
    address with a token in it, but a page that only this user can read, which leads there.
    """
    if "?token=" not in address:
        if address:
            click.launch(address)
        yield
        return
    import html
    import tempfile

    leads = html.escape(address)
    text = (
        '<!DOCTYPE html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={leads}"><title>safetycase serve</title>'
        f'<p><a href="{leads}">Go on to the case</a></p>\n'
    )
    with tempfile.TemporaryDirectory(prefix="safetycase-serve-") as folder:
        page = Path(folder) / "open.html"
        page.write_text(text, "utf-8")
        click.launch(str(page))
        yield


def _usable_key() -> None:
    """Refuse to offer forms that nobody could sign: the key is read from its file, here alone."""
    import os

    from safetycase.ledger import load_or_create

    path = os.environ.get("SAFETYCASE_KEY")
    if not path or not Path(path).is_file():
        raise click.UsageError(
            "--review signs with the key in the file that SAFETYCASE_KEY names, and it names none: "
            "`safetycase record keys init --role reviewer --file reviewer.pem "
            "--request reviewer.json` "
            "makes one, `record keys add reviewer.json` of an author lets it in, and "
            "`SAFETYCASE_KEY=reviewer.pem` names it"
        )
    load_or_create(Path(path), "")


def _run_command(folder: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "safetycase.cli", "run", str(folder))


def _say(folder: Path, address: str, host: str) -> None:
    from safetycase.monitor.webhook import is_loopback

    click.echo(f"{printable(str(folder))} at {address}")
    if "?token=" in address:
        click.echo("Who opens this address is let in; nobody else is answered.")
    if not is_loopback(host):
        click.echo(
            "What crosses the network can be overheard: put TLS before it, or use ssh -L instead."
        )
    click.echo("Ctrl-C ends it.", err=True)


def _names(host: str, more: tuple[str, ...]) -> list[str]:
    from safetycase.monitor.webhook import is_loopback
    from safetycase.web.guard import host_name

    for name in more:
        if not host_name(name) or any(c in name for c in "/@?#"):
            raise click.BadParameter(
                f"`{printable(name)}` is no name of a host; write it as it stands in the address, "
                "such as case.example.org",
                param_hint="--allow-host",
            )
    own = [] if is_loopback(host) else [host, socket.gethostname()]
    return [name.casefold().rstrip(".") for name in (*own, *map(host_name, more)) if name]


def _listening(host: str, port: int) -> socket.socket:
    """A socket that is bound before anything else happens, so that a taken port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
        place.listen(128)
    except OSError as error:
        place.close()
        raise click.ClickException(
            f"cannot listen at {printable(host)} port {port}: {error.strerror or error}; "
            "--port 0 takes one that is free"
        ) from None
    return place


def _address(host: str, port: int) -> str:
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
