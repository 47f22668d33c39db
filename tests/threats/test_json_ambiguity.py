"""Somebody signs or hands over a text that two readers read differently."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.threats.conftest import lines_of, put_lines

from safetycase.ledger import canonical, verify
from safetycase.ledger.dsse import PAYLOAD_TYPE, pae
from safetycase.ledger.keys import from_seed
from safetycase.methods.imported import in_toto, lm_eval, tea
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import MethodError

AMBIGUOUS = {
    "a key twice": '{"result": 1, "result": 2}',
    "not a number": '{"result": NaN}',
    "infinite": '{"result": Infinity}',
    "overflow": '{"result": 1e999}',
    "huge": '{"result": ' + "7" * 400 + "}",
    "half a pair": '{"result": "\\udc00"}',
    "comment": '{"result": 1 /* 2 */}',
    "trailing": '{"result": 1,}',
    "two values": '{"result": 1} {"result": 2}',
    "single quotes": "{'result': 1}",
    "byte order mark": '\ufeff{"result": 1}',
    "nul": '{"result": "\x00"}',
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_the_record_takes_no_ambiguous_json(attacked: Path, name: str) -> None:
    with pytest.raises(canonical.CanonicalError):
        canonical.loads(AMBIGUOUS[name].encode("utf-8", "surrogatepass"))
    key = from_seed(bytes(range(32)), "an attacker")
    payload = AMBIGUOUS[name].encode("utf-8", "surrogatepass")
    line = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {
                "keyid": key.keyid,
                "sig": base64.b64encode(key.sign(pae(PAYLOAD_TYPE, payload))).decode(),
            }
        ],
    }
    text = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    put_lines(attacked, [*lines_of(attacked), text])
    assert not verify(attacked / "ledger").ok


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_no_import_takes_ambiguous_json(tmp_path: Path, name: str) -> None:
    context = planted_context(tmp_path, "a" * 64)
    path = context.case_folder / "in.json"
    path.write_bytes(AMBIGUOUS[name].encode("utf-8", "surrogatepass"))
    for module, words in (
        (lm_eval, {"task": "t"}),
        (tea, {"item": "x"}),
        (in_toto, {"name": "m"}),
    ):
        with pytest.raises(MethodError, match=r"`in\.json`"):
            module.run(("in.json",), module.Parameters(**words), context)


def test_a_number_with_a_fraction_is_never_signed() -> None:
    for value in (0.1, 1.0, float("nan"), float("inf")):
        with pytest.raises(canonical.CanonicalError, match="decimal string"):
            canonical.dumps({"rate": value})
