"""The record and the artefacts of a case, wherever its settings say that they live."""

from __future__ import annotations

from pathlib import Path

from safetycase.ledger.keys import SigningKey
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.settings import read_settings
from safetycase.ledger.writer import Writer

__all__ = ["open_store", "open_writer"]


def open_writer(folder: Path, key: SigningKey) -> Writer:
    """A writer for the record of the ledger folder `folder`, to be used with `with`."""
    shared = read_settings(folder).record
    if shared is None:
        return Writer(folder, key)
    from safetycase.ledger.team import TeamHome

    return Writer(folder, key, home=TeamHome(folder, shared))


def open_store(folder: Path) -> ObjectStore:
    """The artefacts of the ledger folder `folder`."""
    return ObjectStore(folder)
