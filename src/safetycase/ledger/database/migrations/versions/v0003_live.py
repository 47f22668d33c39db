"""An index of what live monitors reported, and of what reviewers said of their alarms."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE safetycase.signal (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    monitor TEXT NOT NULL,
    indicator TEXT NOT NULL,
    state TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    events BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    e_value TEXT,
    PRIMARY KEY (log, seq)
);
CREATE INDEX signal_monitor ON safetycase.signal (log, monitor);
CREATE TABLE safetycase.resolution (
    log INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    signal BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (log, seq)
);
CREATE INDEX resolution_signal ON safetycase.resolution (log, signal);
"""

# Whoever may fill the tables of the step before may fill these.
GRANTS = """
DO $$
DECLARE
    who name;
BEGIN
    FOR who IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_schema = 'safetycase' AND table_name = 'waiver' AND privilege_type = 'INSERT'
            AND grantee NOT IN (CURRENT_USER, 'PUBLIC')
    LOOP
        EXECUTE format(
            'GRANT SELECT, INSERT ON safetycase.signal, safetycase.resolution TO %I', who);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the tables, empty."""
    op.get_bind().exec_driver_sql(TABLES)
    op.get_bind().exec_driver_sql(GRANTS)
