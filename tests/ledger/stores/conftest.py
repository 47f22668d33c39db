"""A real S3 server in this process (moto), in front of it a gate that can misbehave."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

Environment = dict[str, Any]


class Gate:
    """A WSGI application before the server. `manner` says how it treats what passes."""

    def __init__(self, server: Callable[..., Iterable[bytes]]) -> None:
        self._server = server
        self.manner = "plain"
        self.conditions = 0
        self.puts = 0

    def __call__(self, environ: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        condition = environ.get("HTTP_IF_NONE_MATCH") == "*"
        self.conditions += condition
        self.puts += environ["REQUEST_METHOD"] == "PUT"
        if condition and self.manner == "ignores conditions":
            del environ["HTTP_IF_NONE_MATCH"]
        if refusal := self._refusal(environ, condition=condition):
            status, code = refusal
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            if environ["REQUEST_METHOD"] == "HEAD":
                body = b""
            start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]
        return self._server(environ, start)

    def _refusal(self, environ: Environment, *, condition: bool) -> tuple[str, str] | None:
        if self.manner == "refuses conditions" and condition:
            return "501 Not Implemented", "NotImplemented"
        if self.manner == "fails in the middle" and "partNumber=2" in environ["QUERY_STRING"]:
            return "400 Bad Request", "InvalidPart"
        if self.manner == "refuses the key":
            return "403 Forbidden", "AccessDenied"
        return None


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[Gate, str]]:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    gate = Gate(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, gate, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield gate, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gate(_server: tuple[Gate, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate, _ = _server
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTESTING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-very-secret-key")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()
    gate.manner, gate.conditions, gate.puts = "plain", 0, 0
    yield gate
    gate.manner = "plain"


@pytest.fixture
def endpoint(_server: tuple[Gate, str], gate: Gate) -> str:
    return _server[1]


@pytest.fixture(scope="session")
def files(_server: tuple[Gate, str]) -> Any:
    """A plain client of the server, for looking behind the store's back."""
    import s3fs

    return s3fs.S3FileSystem(
        endpoint_url=_server[1],
        key="another",
        secret="key",
        use_listings_cache=False,
        skip_instance_cache=True,
    )


@pytest.fixture
def bucket(files: Any, gate: Gate, request: pytest.FixtureRequest) -> str:
    """A new bucket."""
    name = f"bucket-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]}"
    files.mkdir(name)
    return name
