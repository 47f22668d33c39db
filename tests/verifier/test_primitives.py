"""The parts of the verifier in the page, against published vectors and our libraries."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from tests.verifier.bundles import GOLDEN, TEAM, bundled, small
from tests.verifier.engines import ENGINES, NODE, VERIFIER, Engine, run

from safetycase.ledger import Writer, canonical
from safetycase.ledger.bundle_verify import check_bundle
from safetycase.ledger.dsse import verifier
from safetycase.ledger.keys import from_seed
from safetycase.ledger.points import is_strong

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, section 7.1: public key, message, signature of tests 1, 2 and 3.
RFC_8032 = (
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
)  # fmt: skip

every_engine = pytest.mark.parametrize(
    "engine",
    ["node", pytest.param("chromium", marks=(pytest.mark.browser, pytest.mark.slow))],
)


def there(engine: Engine) -> None:
    if ENGINES[engine] is None:
        pytest.skip(f"no {engine} here: the verifier of the page was not run in it")


def signatures() -> list[tuple[str, str, str]]:
    """(key, signature, message), sound and spoilt in every way that verifiers differ about."""
    cases = [(key, signature, message) for key, message, signature in RFC_8032]
    key = from_seed(bytes(range(32)), "")
    message = b"what is signed"
    signature = key.sign(message)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")

    def case(public: bytes, sig: bytes, text: bytes = message) -> None:
        cases.append((public.hex(), sig.hex(), text.hex()))

    case(key.public_key, signature)
    case(key.public_key, signature, b"something else")
    for scalar in (s + L, s + 2 * L, L, L - 1, 0, 2**256 - 1):
        case(key.public_key, r + (scalar % 2**256).to_bytes(32, "little"))
    for point in (0, 1, P - 1, P, P + 1, 2**255 - 1, 2**255 + 1):
        encoded = (point % 2**256).to_bytes(32, "little")
        case(key.public_key, encoded + signature[32:])  # as R
        case(encoded, signature)  # as the key
        case(encoded, encoded + bytes(32))  # verifies anything where small orders are let in
        case(encoded, bytes([1]) + bytes(63))
    dice = random.Random(8032)
    for _ in range(40):
        flipped = bytearray(signature)
        flipped[dice.randrange(64)] ^= 1 << dice.randrange(8)
        case(key.public_key, bytes(flipped))
        other = bytearray(key.public_key)
        other[dice.randrange(32)] ^= 1 << dice.randrange(8)
        case(bytes(other), signature)
    for length in (0, 63, 65, 96):
        case(key.public_key, (signature + signature)[:length])
    for length in (0, 1, 63, 111, 112, 127, 128, 239, 1000):
        text = dice.randbytes(length)
        case(key.public_key, key.sign(text), text)
    return cases


def here(key: str, signature: str, message: str) -> bool | None:
    public = bytes.fromhex(key)
    if not is_strong(public):
        return None
    return verifier(public)(bytes.fromhex(signature), bytes.fromhex(message))


@pytest.mark.slow
@every_engine
@pytest.mark.parametrize("own", [True, False], ids=["own", "platform"])
def test_signatures_are_judged_as_the_library_judges_them(
    engine: Engine, own: bool, tmp_path: Path
) -> None:
    there(engine)
    cases = signatures()
    expected = [here(*case) for case in cases]
    assert run(engine, tmp_path, ed25519=cases, own=own)["ed25519"] == expected
    assert expected[:5] == [True, True, True, True, False]
    assert expected.count(True) == 13
    assert None in expected


def texts() -> list[bytes]:
    """JSON that is canonical, nearly canonical, or read differently by different programs."""
    whole = {"a": [1, -1, 2**64 - 1, -(2**63), True, None, "é\u2028\U0001f600\x7f"], "\uffff": {},
             "\U00010000": "\"\\\b\f\n\r\t\x01/"}  # fmt: skip
    sound = canonical.dumps(whole)
    deep = b"[" * 64 + b"]" * 64
    return [
        sound, deep, b'"x"', b"0", b"{}", b"[]", b"null", b'{"":1}', b'{"__proto__":1}',
        b'{"a":1,"b":2}', b'{"b":2,"a":1}', b'{"a":1,"a":1}', b"1.0", b"1e3", b"-0", b"01", b"+1",
        b"18446744073709551616", b"-9223372036854775809", b"NaN", b"Infinity", b"[1,]", b"[,]",
        b'{"a":1,}', b"[1 ]", b" 1", b"1\n", b"", b"nul", b"truefalse", b"[" + deep + b"]",
        b'"\\u0061"', b'"\\/"', b'"\\u00e9"', b'"\\u001f"', b'"\\u001F"', b'"\\u0008"', b'"\x01"',
        b'"\\ud800"', b'"\\ud83d\\ude00"', b"\xef\xbb\xbf1", b'"\xed\xa0\x80"', b'"\xff"',
        b"'x'", b"{a:1}", b"[1]//", b'"\\x41"', b'"', b"9" * 5000, b'{"a":1}{"a":1}', b'"\x7f"',
        '"\ufeff"'.encode(), b'{"a" :1}', b'{1:2}', b"-", b"[-]", b"tru",
    ]  # fmt: skip


def is_canonical(data: bytes) -> bool:
    try:
        return canonical.dumps(canonical.loads(data)) == data
    except canonical.CanonicalError:
        return False


@every_engine
def test_json_is_read_as_strictly_as_here(engine: Engine, tmp_path: Path) -> None:
    there(engine)
    cases = texts()
    expected = [is_canonical(data) for data in cases]
    said = run(engine, tmp_path, canonical=cases)["canonical"]
    apart = [(c[:40], a, b) for c, a, b in zip(cases, expected, said, strict=True) if a != b]
    assert apart == []
    assert expected.count(True) == 13


@pytest.mark.slow
@pytest.mark.skipif(NODE is None, reason="no node here: the command line of the verifier in it")
def test_on_the_command_line_of_node(tmp_path: Path) -> None:
    def node(*words: str | Path) -> tuple[int, str]:
        command = [str(NODE), str(VERIFIER), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    bundle = GOLDEN / "roles.scbundle"
    manifest = check_bundle(bundle)[1]
    assert manifest is not None
    code, said = node(bundle)
    assert code == 0
    assert said.endswith("verified: 14 records and 2 artefacts\n")
    assert f"size 14, root {manifest.root}" in said
    assert node(bundle, "--size", "14", "--root", manifest.root)[0] == 0
    code, said = node(bundle, "--size", "15", "--root", "0" * 64)
    assert code == 3
    assert "NOT VERIFIED: the record has 14 records" in said
    data = bytearray(bundle.read_bytes())
    data[data.index(b'"sig"') + 9] ^= 1
    (tmp_path / "bad.scbundle").write_bytes(data)
    code, said = node(tmp_path / "bad.scbundle")
    assert code == 3
    assert "NOT VERIFIED: record 1 (key, line 1) has a signature that does not verify" in said
    assert node(tmp_path / "none")[0] == 2
    assert node()[0] == 2


@pytest.mark.skipif(NODE is None, reason="no node here: the command line of the verifier in it")
def test_a_revoked_key_is_shown_as_one(tmp_path: Path) -> None:
    folder, path = tmp_path / "ledger", tmp_path / "b.scbundle"
    small(folder)
    about = {"keyid": [TEAM.keyid]}
    body = {"event": "key-revoked", "says": "left", "about": about, "since": 5}
    with Writer(folder, TEAM) as writer:
        writer.append("note", {"note": "before"}, at="2026-11-24T00:00:00Z")
        writer.append("event", body, at="2026-11-24T00:00:00Z")
    other = from_seed(bytes([8] * 32), "Bo")
    with Writer(folder, other) as writer:
        writer.append("note", {"note": "after"}, at="2026-11-25T00:00:00Z")
    path.write_bytes(bundled(folder))
    command = [str(NODE), str(VERIFIER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"key {TEAM.keyid} (the team): author, runner, log; REVOKED by record 6\n" in done.stdout
    assert f"key {other.keyid} (Bo): author, runner, log\n" in done.stdout
