"""An index of the review of a case: challenges, what became of them, signatures, dissent."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE safetycase.challenge (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    against TEXT NOT NULL,
    severity TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX challenge_against ON safetycase.challenge (log, against);
CREATE INDEX challenge_challenge ON safetycase.challenge (log, challenge);
CREATE TABLE safetycase.response (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX response_challenge ON safetycase.response (log, challenge);
CREATE TABLE safetycase.ruling (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX ruling_challenge ON safetycase.ruling (log, challenge);
CREATE TABLE safetycase.sign_off (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    element TEXT NOT NULL,
    digest TEXT NOT NULL,
    verdict TEXT NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX sign_off_element ON safetycase.sign_off (log, element);
CREATE TABLE safetycase.dissent (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    element TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX dissent_element ON safetycase.dissent (log, element);
CREATE TABLE safetycase.override (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    element TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX override_element ON safetycase.override (log, element);
"""

# Whoever may fill the tables of the step before may fill these.
GRANTS = """
DO $$
DECLARE
    who name;
BEGIN
    FOR who IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = 'safetycase' AND table_name = 'signal' AND privilege_type = 'INSERT'
            AND grantee NOT IN (CURRENT_USER, 'PUBLIC')
    LOOP
        EXECUTE format(
            'GRANT SELECT, INSERT ON safetycase.challenge, safetycase.response, '
            'safetycase.ruling, safetycase.sign_off, safetycase.dissent, safetycase.override '
            'TO %I', who);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the tables, empty."""
    op.get_bind().exec_driver_sql(TABLES)
    op.get_bind().exec_driver_sql(GRANTS)
