"""The record of a case: append-only, hash-linked, signed, with artefacts by content.

`folder` is everywhere the ledger folder, `<case>/ledger`. Reading: `read`, `fold`, `verify`,
`ObjectStore.get`. Writing: `Writer`, `ObjectStore.put`, `load_or_create`. This room knows no
case and reads no clock; times come from the caller.
"""

from __future__ import annotations

from safetycase.ledger import canonical
from safetycase.ledger.canonical import CanonicalError
from safetycase.ledger.checkpoints import Held, Kept, Signer
from safetycase.ledger.errors import (
    KeyFileError,
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerWriteError,
    ObjectDamaged,
    ObjectMissing,
    RecordRefused,
)
from safetycase.ledger.fold import (
    AttemptRecord,
    ControlsEntry,
    EventRecord,
    History,
    Registration,
    ShotRecord,
    WaiverRecord,
    fold,
)
from safetycase.ledger.keys import SigningKey, default_key_path, load_or_create
from safetycase.ledger.log import parse, read
from safetycase.ledger.objects import ObjectStore
from safetycase.ledger.opening import open_store, open_writer
from safetycase.ledger.ordering import GRADES, Grade, Ordering, grades
from safetycase.ledger.record import KINDS, Log, Problem, Record
from safetycase.ledger.seen import Seen, default_seen_folder
from safetycase.ledger.stores import Store
from safetycase.ledger.trust import ROLES, Key
from safetycase.ledger.verifier import Verification, verify
from safetycase.ledger.writer import Writer

__all__ = [
    "GRADES",
    "KINDS",
    "ROLES",
    "AttemptRecord",
    "CanonicalError",
    "ControlsEntry",
    "EventRecord",
    "Grade",
    "Held",
    "History",
    "Kept",
    "Key",
    "KeyFileError",
    "LedgerBusy",
    "LedgerDamaged",
    "LedgerError",
    "LedgerWriteError",
    "Log",
    "ObjectDamaged",
    "ObjectMissing",
    "ObjectStore",
    "Ordering",
    "Problem",
    "Record",
    "RecordRefused",
    "Registration",
    "Seen",
    "ShotRecord",
    "Signer",
    "SigningKey",
    "Store",
    "Verification",
    "WaiverRecord",
    "Writer",
    "canonical",
    "default_key_path",
    "default_seen_folder",
    "fold",
    "grades",
    "load_or_create",
    "open_store",
    "open_writer",
    "parse",
    "read",
    "verify",
]
