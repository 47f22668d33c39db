"""Where a record lives is said in one small file, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetycase.ledger.errors import LedgerError
from safetycase.ledger.settings import SETTINGS_NAME, Settings, read_settings, write_settings


def test_what_is_written_is_read(tmp_path: Path) -> None:
    chosen = Settings(record="postgresql://me@db/cases", artefacts="s3://bucket/x")
    write_settings(tmp_path / "ledger", chosen)
    assert read_settings(tmp_path / "ledger") == chosen
    write_settings(tmp_path / "ledger", Settings())
    assert not (tmp_path / "ledger" / SETTINGS_NAME).exists()
    assert read_settings(tmp_path / "ledger") == Settings()


@pytest.mark.parametrize(
    "text", ["[]", '{"record": 3}', '{"bucket": "x"}', "{", '{"record":"a","record":"b"}']
)
def test_anything_else_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / SETTINGS_NAME).write_text(text)
    with pytest.raises(LedgerError, match=r"home\.json"):
        read_settings(tmp_path)
