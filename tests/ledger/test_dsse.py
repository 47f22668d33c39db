from __future__ import annotations

import base64
import hashlib

import pytest

from safetycase.ledger import SigningKey
from safetycase.ledger.dsse import (
    PAYLOAD_TYPE,
    EnvelopeError,
    keyid_of,
    open_line,
    pae,
    seal,
    unbase64,
    verifier,
)
from safetycase.ledger.keys import from_seed


def test_the_pre_authentication_encoding_is_that_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_in_bytes() -> None:
    assert pae("é", "é€".encode()) == "DSSEv1 2 é 5 é€".encode()


RFC_8032_TESTS = [  # RFC 8032, section 7.1, TEST 1 and TEST 2
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032_TESTS)
def test_signatures_are_those_of_rfc_8032(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = from_seed(bytes.fromhex(secret), "rfc 8032")
    assert key.public_key.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    verifies = verifier(bytes.fromhex(public))
    assert verifies(bytes.fromhex(signature), bytes.fromhex(message))
    assert not verifies(bytes.fromhex(signature), bytes.fromhex(message) + b"\0")


def test_a_second_spelling_of_a_signature_does_not_verify(key: SigningKey) -> None:
    """S and S + L satisfy the equation alike; RFC 8032 section 5.1.7 asks to refuse the latter."""
    group_order = 2**252 + 27742317777372353535851937790883648493
    signature = key.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + group_order
    other = signature[:32] + s.to_bytes(32, "little")
    assert verifier(key.public_key)(signature, b"message")
    assert not verifier(key.public_key)(other, b"message")


def test_an_envelope_opens_to_what_was_sealed(key: SigningKey) -> None:
    line = seal(b'{"a":1}', key.keyid, key.sign)
    envelope = open_line(line)
    assert (envelope.payload, envelope.keyid) == (b'{"a":1}', key.keyid)
    assert verifier(key.public_key)(envelope.signature, pae(PAYLOAD_TYPE, envelope.payload))
    assert line.startswith(
        b'{"payload":"eyJhIjoxfQ==","payloadType":"application/vnd.in-toto+json"'
    )
    assert keyid_of(key.public_key) == hashlib.sha256(key.public_key).hexdigest() == key.keyid


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line + b" ",
        lambda line: b" " + line,
        lambda line: line + b"\r",
        lambda line: line.replace(b'","', b'", "', 1),
        lambda line: line.replace(b"in-toto+json", b"other+json"),
        lambda line: line.replace(b'"keyid"', b'"extra":1,"keyid"'),
        lambda line: line.replace(b'"signatures":[{', b'"signatures":[{"sig":""},{'),
        lambda line: line.replace(b'"signatures":[', b'"signatures":[],"s":['),
        lambda line: line.replace(b'"payload":"eyJhIjoxfQ=="', b'"payload":"eyJhIjoxfR=="'),
        lambda line: line.replace(b'"payload":"eyJhIjoxfQ=="', b'"payload":"eyJhIjoxfQ"'),
        lambda line: line.replace(b'"payload":"eyJhIjoxfQ=="', b'"payload":7'),
        lambda line: line.replace(b'"payload":"e', b'"payload":"\\u0065'),
        lambda line: line[:-1],
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"null",
        lambda _: b'{"signatures":[7]}',
        lambda _: b"[" * 100_000,
    ],
)
def test_an_envelope_has_one_spelling(key: SigningKey, change) -> None:  # type: ignore[no-untyped-def]
    line = seal(b'{"a":1}', key.keyid, key.sign)
    assert change(line) != line
    with pytest.raises(EnvelopeError):
        open_line(change(line))


@pytest.mark.parametrize("text", ["YQ", "YR==", "YQ==\n", "Y Q==", "_w==", "é", "="])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError):
        unbase64(text)


def test_base64_round_trip() -> None:
    for data in (b"", b"a", b"\xff\xfe", bytes(range(256))):
        assert unbase64(base64.b64encode(data).decode()) == data
