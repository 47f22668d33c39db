"""The record and the artefacts of a case, wherever its settings say that they live."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from safetycase.ledger.keys import SigningKey
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.seen import Seen, default_seen_folder
from safetycase.ledger.settings import read_settings
from safetycase.ledger.stores import CachedStore, Store, shared_store
from safetycase.ledger.writer import Writer

__all__ = ["open_store", "open_writer"]


def open_writer(folder: Path, key: SigningKey) -> Writer:
    """A writer for the record of the ledger folder `folder`, to be used with `with`.

    It refuses a record that is not what this user has seen of it, or its continuation.
    """
    seen = Seen(folder=default_seen_folder(os.environ))
    shared = read_settings(folder).record
    if shared is None:
        return Writer(folder, key, seen=seen, nonce=secrets.token_hex(16))
    from safetycase.ledger.team import TeamHome

    return Writer(folder, key, home=TeamHome(folder, shared), seen=seen)


def open_store(folder: Path) -> Store:
    """The artefacts of the ledger folder `folder`; with a local copy of what is shared.

    Raises `LedgerError` if the settings cannot be read or name no store.
    """
    local = ObjectStore(folder)
    address = read_settings(folder).artefacts
    return CachedStore(local, shared_store(address)) if address else local
