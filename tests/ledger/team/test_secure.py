"""Encryption is what the address asks for, and nobody else's server is believed."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.ledger.team.conftest import Server
from tests.ledger.team.proxy import Wire, wire

from safetycase.ledger.database.address import parse_address
from safetycase.ledger.database.errors import ConnectionLost
from safetycase.ledger.database.session import Session


def reach(address: str) -> None:
    """Ask something of the database at `address`."""
    from sqlalchemy import text

    session = Session(parse_address(address))
    try:
        with session.transaction() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
    finally:
        session.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, and beside it its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, form, bare))
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(pem))
    return tmp_path / "certificate.pem"


@pytest.fixture
def secured(server: Server, certificate: Path) -> Iterator[Wire]:
    """The way to the server through TLS: the server in the wheel is built without it."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, certificate.parent / "key.pem")
    with wire(server.port, tls) as cable:
        yield cable


def test_encryption_that_is_required_is_not_given_up(address: str) -> None:
    reach(f"{address}?sslmode=prefer")
    reach(f"{address}?sslmode=disable")
    for mode in ("require", "verify-full"):
        with pytest.raises(ConnectionLost, match="Server refuses SSL"):
            reach(f"{address}?sslmode={mode}")


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_encryption_is_used_where_it_is_offered(mode: str, address: str, secured: Wire) -> None:
    reach(f"{address}?sslmode={mode}".replace(f":{secured.port}/", f":{secured.own_port}/"))
    assert secured.encrypted == 1


def test_a_socket_of_this_machine_needs_no_encryption(address: str, server: Server) -> None:
    database = address.rpartition("/")[2]
    reach(f"postgresql://postgres@:{server.port}/{database}?host={server.place}")


def test_a_server_is_believed_only_with_its_certificate(
    address: str, secured: Wire, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f"{address}?sslmode=verify-full".replace(f":{secured.port}/", f":{secured.own_port}/")
    with pytest.raises(ConnectionLost, match="certificate verify failed"):
        reach(asked)
    monkeypatch.setenv("PGSSLROOTCERT", str(certificate))
    reach(asked)
    with pytest.raises(ConnectionLost, match="certificate verify failed"):
        reach(asked.replace("127.0.0.1", "localhost"))  # the certificate names another
    monkeypatch.setenv("PGSSLROOTCERT", str(certificate.parent / "nowhere.pem"))
    with pytest.raises(ConnectionLost, match="No such file"):
        reach(asked)
