"""Addresses: read, printed back the same, and never with a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetycase.ledger import LedgerError
from safetycase.ledger.database.address import parse_address, password_for

LOG = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann@db.example.org/cases",
        "postgresql://ann@db.example.org:5433/cases?sslmode=verify-full",
        "postgresql://ann@db.example.org:5433/cases?sslmode=disable&log=" + LOG,
        "postgresql://ann@localhost/cases",
        "postgresql://ann@[::1]/cases",
        "postgresql://a%40b@localhost/c%20d",
        "postgresql://ann@/cases?host=/run/postgresql",
    ],
)
def test_an_address_is_printed_as_it_was_read(text: str) -> None:
    assert str(parse_address(text)) == text


def test_what_is_not_said_is_the_usual() -> None:
    near, far = parse_address("postgres://ann@localhost/c"), parse_address("postgres://ann@far/c")
    assert (near.port, near.ssl_mode, far.ssl_mode) == (5432, "prefer", "require")
    assert parse_address("postgresql://ann@/c").host == "localhost"
    assert str(near.of(LOG)) == f"postgresql://ann@localhost/c?log={LOG}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("postgresql://ann:s3cret@host/cases", "leave the password out"),
        ("postgresql://ann@host/cases?password=s3cret", "leave the password out"),
        ("postgresql://ann:s3cret@host:port/cases", "no address of a database"),
        ("mysql://ann:s3cret@host/cases", "starts with postgresql://"),
        ("s3cret", "starts with postgresql://"),
        ("postgresql://host/cases", "names a user"),
        ("postgresql://ann@host", "names a user and a database"),
        ("postgresql://ann@host/a/b", "names a user and a database"),
        ("postgresql://ann@host/cases?sslmode=s3cret", "sslmode is one of disable"),
        ("postgresql://ann@host/cases?application=x", "not for `application`"),
        ("postgresql://ann@host/cases?log=xyz", "32 hex digits"),
        ("postgresql://ann@host/cases?host=/run", "stands in for the host"),
        ("postgresql://ann@/cases?host=run", "stands in for the host"),
        ("postgresql://[ann@host/cases", "no address of a database"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(text: str, why: str) -> None:
    with pytest.raises(LedgerError, match=why) as refused:
        parse_address(text)
    assert "s3cret" not in str(refused.value)


def test_the_password_comes_from_the_environment_or_the_password_file(tmp_path: Path) -> None:
    address = parse_address("postgresql://ann@db.example.org/cases")
    socket = parse_address("postgresql://ann@/cases?host=/run/postgresql")
    file = tmp_path / "passwords"
    file.write_text(
        "# host:port:database:user:password\n"
        "db.example.org:5433:*:*:other port\n"
        "db.example.org:*:cases:ann:with\\:colon\\\\\n"
        "localhost:5432:cases:ann:near\n"
    )
    file.chmod(0o600)
    env = {"PGPASSFILE": str(file)}
    assert password_for(address, env) == "with:colon\\"
    assert password_for(socket, env) == "near"
    assert password_for(address, env | {"PGPASSWORD": "given"}) == "given"
    assert password_for(parse_address("postgresql://bob@elsewhere/x"), env) is None
    assert password_for(address, {"HOME": str(tmp_path)}) is None
    (tmp_path / ".pgpass").write_bytes(file.read_bytes())
    (tmp_path / ".pgpass").chmod(0o600)
    assert password_for(address, {"HOME": str(tmp_path)}) == "with:colon\\"
    file.chmod(0o644)
    with pytest.raises(LedgerError, match="others may read"):
        password_for(address, env)
