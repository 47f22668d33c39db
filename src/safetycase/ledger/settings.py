"""Where a record and its artefacts live if not only in the folder: `ledger/home.json`.

    {"artefacts": "s3://bucket/prefix", "record": "postgresql://user@host/database"}

Both are addresses without a password. The file is not part of the record and not signed: it says
where to look, and what is found there is verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetycase.ledger import canonical
from safetycase.ledger.errors import LedgerError
from safetycase.ledger.files import read_file

__all__ = ["SETTINGS_NAME", "Settings", "read_settings", "write_settings"]

SETTINGS_NAME = "home.json"
_KEYS = ("record", "artefacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Addresses of the team's record and of the shared artefacts; None for the folder itself."""

    record: str | None = None
    artefacts: str | None = None


def read_settings(folder: Path) -> Settings:
    """The settings of the ledger folder; the defaults if there are none.

    Raises `LedgerError` naming the file if it holds something else.
    """
    path = folder / SETTINGS_NAME
    try:
        found = canonical.loads(read_file(path))
    except FileNotFoundError:
        return Settings()
    except (OSError, canonical.CanonicalError) as error:
        raise LedgerError(f"{path} cannot be read: {error}; set it again or remove it") from error
    wrong = not isinstance(found, dict) or any(
        key not in _KEYS or not isinstance(value, str) for key, value in found.items()
    )
    if wrong:
        raise LedgerError(f"{path} may hold only `record` and `artefacts`, each an address")
    return Settings(**found)


def write_settings(folder: Path, settings: Settings) -> None:
    """Write the settings of the ledger folder; removes the file if nothing is set."""
    path = folder / SETTINGS_NAME
    values = {key: value for key in _KEYS if (value := getattr(settings, key)) is not None}
    if not values:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(canonical.dumps(values) + b"\n")
    fresh.replace(path)
