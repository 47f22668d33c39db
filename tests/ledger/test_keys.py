from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from safetycase.ledger import KeyFileError, default_key_path, load_or_create


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "key.pem"
    made = load_or_create(path, "me")
    again = load_or_create(path, "me")
    assert made == again
    assert made.sign(b"x") == again.sign(b"x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert [each.name for each in path.parent.iterdir()] == ["key.pem"]
    assert "sign" not in repr(made)


def test_the_key_file_is_the_one_that_openssl_reads(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_or_create(tmp_path / "key.pem", "me")
    private = load_pem_private_key((tmp_path / "key.pem").read_bytes(), password=None)
    assert private.public_key().public_bytes_raw() == key.public_key  # type: ignore[union-attr]


def test_a_key_that_another_process_made_first_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pem"
    first = load_or_create(tmp_path / "first.pem", "me")
    link = os.link

    def late(source: Path, target: Path) -> None:
        link(tmp_path / "first.pem", path)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert load_or_create(path, "me").keyid == first.keyid


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_garbage_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"key\.pem holds no readable signing key"):
        load_or_create(path, "me")
    assert path.read_bytes() == content


def test_a_key_with_a_password_or_of_another_kind_is_named(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = tmp_path / "key.pem"
    form = (s.Encoding.PEM, s.PrivateFormat.PKCS8)
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(*form, s.BestAvailableEncryption(b"secret"))
    )
    with pytest.raises(KeyFileError, match="no readable signing key"):
        load_or_create(path, "me")
    path.write_bytes(generate_private_key(SECP256R1()).private_bytes(*form, s.NoEncryption()))
    with pytest.raises(KeyFileError, match="not Ed25519"):
        load_or_create(path, "me")


def test_a_folder_that_cannot_hold_the_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="SAFETYCASE_KEY"):
        load_or_create(tmp_path / "file" / "key.pem", "me")
    (tmp_path / "key.pem").mkdir()
    with pytest.raises(KeyFileError, match=r"key\.pem cannot be read"):
        load_or_create(tmp_path / "key.pem", "me")


@pytest.mark.parametrize(
    ("env", "path"),
    [
        ({"SAFETYCASE_KEY": "/k/my.pem", "XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/k/my.pem"),
        ({"SAFETYCASE_KEY": "", "XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/c/safetycase/key.pem"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/h"}, "/h/.config/safetycase/key.pem"),
        ({"XDG_CONFIG_HOME": "rel", "HOME": "/h"}, "/h/.config/safetycase/key.pem"),
    ],
)
def test_where_the_key_lives(env: dict[str, str], path: str) -> None:
    assert default_key_path(env) == Path(path)


def test_without_a_home_the_way_out_is_named() -> None:
    with pytest.raises(KeyFileError, match="set SAFETYCASE_KEY"):
        default_key_path({})


def test_importing_the_room_loads_no_cryptography() -> None:
    code = (
        "import sys, pathlib, safetycase.ledger as l; l.read(pathlib.Path('/nowhere'));"
        "print(any(name.startswith('cryptography') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
