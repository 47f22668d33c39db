"""The envelope: DSSE v1.0.2 around an in-toto payload, signed with Ed25519 (RFC 8032).

One record is one envelope on one line, and exactly one line stands for it: an envelope that
is not byte for byte what `seal` writes is refused, so no byte can change unseen. `keyid` only
selects a key to try (DSSE, protocol section); what counts is the key that verifies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.ledger import canonical

__all__ = [
    "PAYLOAD_TYPE",
    "Envelope",
    "EnvelopeError",
    "keyid_of",
    "open_line",
    "pae",
    "seal",
    "unbase64",
    "verifier",
]

PAYLOAD_TYPE = "application/vnd.in-toto+json"

_LINE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"%b",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/=]*)"\}\]\}'
    % re.escape(PAYLOAD_TYPE.encode())
)


class EnvelopeError(ValueError):
    """A line is not an envelope of this format; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An opened envelope, signature not yet checked."""

    payload: bytes
    keyid: str
    signature: bytes


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the bytes that are signed (DSSE, protocol section)."""
    name = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def keyid_of(public_key: bytes) -> str:
    """The id of a key: SHA-256 (hex) of its 32 raw public bytes."""
    return hashlib.sha256(public_key).hexdigest()


def seal(payload: bytes, keyid: str, sign: Callable[[bytes], bytes]) -> bytes:
    """The line (without its newline) that carries `payload`, signed by `sign`."""
    return _line(payload, keyid, sign(pae(PAYLOAD_TYPE, payload)))


def open_line(line: bytes) -> Envelope:
    """What `seal` put in. Raises `EnvelopeError` for any line that `seal` would not write."""
    match = _LINE.fullmatch(line)
    if match is None:
        return _misspelled(line)
    payload, keyid, signature = (each.decode() for each in match.groups())
    try:
        return Envelope(payload=unbase64(payload), keyid=keyid, signature=unbase64(signature))
    except ValueError as error:
        raise EnvelopeError("is not a signed envelope") from error


def _misspelled(line: bytes) -> Envelope:
    """Say why a line is not one that `seal` writes; a key id of another form is one, too."""
    try:
        outer = canonical.loads(line)
        signature = outer["signatures"][0]
        envelope = Envelope(
            payload=unbase64(outer["payload"]),
            keyid=signature["keyid"],
            signature=unbase64(signature["sig"]),
        )
        named = isinstance(envelope.keyid, str)
        same = named and _line(envelope.payload, envelope.keyid, envelope.signature) == line
    except canonical.CanonicalError as error:
        raise EnvelopeError(f"is not JSON as this record writes it ({error})") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise EnvelopeError("is not a signed envelope") from error
    if not same:
        raise EnvelopeError("is an envelope in another spelling than this record writes")
    return envelope


def verifier(public_key: bytes) -> Callable[[bytes, bytes], bool]:
    """A function (signature, message) -> does the signature verify, for one raw public key.

    `cryptography` is imported here, so that whoever reads no signature does not pay for it.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(public_key)

    def verifies(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verifies


def unbase64(text: str) -> bytes:
    """Strict standard base64. Raises ValueError for text that has a second spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not base64 in its one spelling")
    return data


def _line(payload: bytes, keyid: str, signature: bytes) -> bytes:
    return canonical.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
        }
    )
