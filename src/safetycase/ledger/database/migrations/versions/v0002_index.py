"""An index of the lines: tables that can be emptied and filled again from the lines."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE safetycase.record (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    keyid TEXT NOT NULL,
    digest TEXT NOT NULL,
    start BIGINT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX record_kind ON safetycase.record (log, kind);
CREATE TABLE safetycase.signer (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    keyid TEXT NOT NULL,
    public_key TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE TABLE safetycase.registration (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    evidence TEXT NOT NULL,
    claim TEXT NOT NULL,
    criterion TEXT NOT NULL,
    level TEXT NOT NULL,
    recipe_digest TEXT NOT NULL,
    exploratory BIGINT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX registration_evidence ON safetycase.registration (log, evidence);
CREATE TABLE safetycase.attempt (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    registration BIGINT,
    executor TEXT,
    lease_until TEXT,
    retry_of TEXT,
    PRIMARY KEY (log, seq)
);
CREATE INDEX attempt_attempt ON safetycase.attempt (log, attempt);
CREATE INDEX attempt_registration ON safetycase.attempt (log, registration);
CREATE TABLE safetycase.attempt_end (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    outcome TEXT NOT NULL,
    seconds TEXT,
    PRIMARY KEY (log, seq)
);
CREATE INDEX attempt_end_attempt ON safetycase.attempt_end (log, attempt);
CREATE TABLE safetycase.event (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    event TEXT NOT NULL,
    says TEXT NOT NULL,
    since BIGINT,
    PRIMARY KEY (log, seq)
);
CREATE TABLE safetycase.event_about (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    selector TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (log, seq, selector, value)
);
CREATE INDEX event_about_value ON safetycase.event_about (log, value);
CREATE TABLE safetycase.waiver (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    evidence TEXT NOT NULL,
    old_recipe TEXT NOT NULL,
    new_recipe TEXT NOT NULL,
    author TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX waiver_evidence ON safetycase.waiver (log, evidence);
CREATE TABLE safetycase.artefact (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (log, seq, role)
);
CREATE INDEX artefact_sha256 ON safetycase.artefact (log, sha256);
"""


def upgrade() -> None:
    """Make the tables, empty."""
    op.get_bind().exec_driver_sql(TABLES)
