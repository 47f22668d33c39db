"""Signed notes: the published example, and every way a text can be something else."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safetycase.ledger import SigningKey
from safetycase.ledger.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    NoteError,
    cosigned_message,
    key_hash,
    open_note,
)

ORIGIN = "safetycase/" + "0f" * 16


def _note(key: SigningKey, other: SigningKey) -> Checkpoint:
    bare = Checkpoint(origin=ORIGIN, size=7, root=bytes(range(32)))
    signed = bare.signed(ORIGIN, key.public_key, key.sign)
    return signed.cosigned("safetycase/key/b", other.public_key, other.sign, 1_780_000_000)


def test_the_key_hash_is_that_of_the_published_example() -> None:
    # golang.org/x/mod/sumdb/note, Example_sign: the verifier key PeterNeumann+c74f20a3+ARpc...
    vkey = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert vkey[0] == ED25519
    assert key_hash("PeterNeumann", ED25519, vkey[1:]).hex() == "c74f20a3"


def test_the_signature_is_over_the_text_as_in_the_published_example() -> None:
    text = (
        b"If you think cryptography is the answer to your problem,\n"
        b"then you don't know what your problem is.\n"
    )
    blob = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], text)  # raises if it does not
    assert blob[:4] == key_hash("PeterNeumann", ED25519, public)


def test_a_note_reads_back_as_it_was(key: SigningKey, other_key: SigningKey) -> None:
    note = _note(key, other_key)
    text = note.text()
    assert open_note(text) == note
    assert text.decode().split("\n")[:4] == [
        ORIGIN, "7", base64.b64encode(bytes(range(32))).decode(), "",
    ]  # fmt: skip
    first, second = note.signatures
    assert (first.kind, second.kind, second.time) == ("signature", "cosignature", 1_780_000_000)
    verify = Ed25519PublicKey.from_public_bytes
    verify(key.public_key).verify(first.blob, note.body)
    verify(other_key.public_key).verify(
        second.blob[8:], b"cosignature/v1\ntime 1780000000\n" + note.body
    )
    assert second.hint == key_hash(second.name, COSIGNATURE, other_key.public_key)
    assert cosigned_message(1, b"x\n") == b"cosignature/v1\ntime 1\nx\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"safetycase/", b"elsewhere/", "does not name a record"),
        (b"\n7\n", b"\n07\n", "not a number of records"),
        (b"\n7\n", b"\n0\n", "not a number of records"),
        (b"\n7\n", b"\n-7\n", "not a number of records"),
        (b"\n7\n", "\n\u0667\n".encode(), "not a number of records"),
        (b"AAEC", b"AAE", "not the root"),
        (b"\n\n", b"\n", "three lines"),
        (b"\n\n", b"\nextension\n\n", "three lines"),
        ("\n— safety".encode(), b"\n- safety", "not a signature"),
        (b"/key/b ", b"/key/+ ", "not a signature"),
        (b"/key/b ", b"/key/b  ", "not base64"),
        (b"/key/b ", b"/key/b AAAA", "kind that this version does not know"),
        (b"=\n\n", b"=\r\n\n", "not the root"),
    ],
)
def test_another_text_is_refused(
    key: SigningKey, other_key: SigningKey, old: bytes, new: bytes, says: str
) -> None:
    text = _note(key, other_key).text()
    assert old in text
    with pytest.raises(NoteError, match=says):
        open_note(text.replace(old, new))


def test_what_is_not_signed_or_signed_twice_is_refused(
    key: SigningKey, other_key: SigningKey
) -> None:
    note = _note(key, other_key)
    text = note.text()
    last = text.splitlines(keepends=True)[-1]
    for wrong, says in [
        (note.body + b"\n", "not signed"),
        (text[:-1], "no end"),
        (text + last, "same signature twice"),
        (text + b"\n", "not a signature"),
        (b"\xff" + text, "not UTF-8"),
        (b"", "three lines"),
    ]:
        with pytest.raises(NoteError, match=says):
            open_note(wrong)
    many = note
    for time in range(1, 100):
        many = many.cosigned("n", key.public_key, key.sign, time)
    with pytest.raises(NoteError, match="more than 100"):
        open_note(many.text())


def test_a_cosignature_of_no_time_is_refused(key: SigningKey) -> None:
    bare = Checkpoint(origin=ORIGIN, size=1, root=bytes(32))
    for time in (0, 2**63):
        with pytest.raises(NoteError, match="impossible time"):
            open_note(bare.cosigned("n", key.public_key, key.sign, time).text())
