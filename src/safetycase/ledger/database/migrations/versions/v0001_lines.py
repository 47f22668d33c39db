"""The lines of records, which nobody may change: not even the owner of the tables.

The database cannot check signatures, but it can keep a log dense: a line is taken only if it comes
next and names the line before it, so that a faulty client cannot spoil a log that never forgets.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE safetycase.log (
    log integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL UNIQUE CHECK (origin ~ '^[0-9a-f]{32}$'),
    name text NOT NULL
);
CREATE TABLE safetycase.line (
    log integer NOT NULL,
    seq bigint NOT NULL,
    digest text NOT NULL CHECK (digest = encode(sha256(bytes), 'hex')),
    bytes bytea NOT NULL,
    PRIMARY KEY (log, seq),
    UNIQUE (log, digest)
);
"""

# The last `"previous":"` of a statement is its own: keys are sorted, and behind it there are only
# subjects, whose quotes are escaped.
NEXT = """
CREATE FUNCTION safetycase.comes_next() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last bigint := 0;
    head text := repeat('0', 64);
    begins text;
    statement text;
BEGIN
    PERFORM pg_advisory_xact_lock(372716, NEW.log);
    SELECT origin INTO begins FROM safetycase.log WHERE log = NEW.log;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no log has the number %', NEW.log USING ERRCODE = 'check_violation';
    END IF;
    SELECT seq, digest INTO last, head FROM safetycase.line
        WHERE log = NEW.log ORDER BY seq DESC LIMIT 1;
    IF NOT FOUND THEN
        last := 0;
        head := repeat('0', 64);
        IF left(NEW.digest, 32) <> begins THEN
            RAISE EXCEPTION 'the first line of log % is another one', NEW.log
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.seq <> last + 1 THEN
        RAISE EXCEPTION 'line % does not come next: log % has % lines', NEW.seq, NEW.log, last
            USING ERRCODE = 'check_violation';
    END IF;
    statement := convert_from(decode(substring(convert_from(NEW.bytes, 'UTF8')
        from '^{"payload":"([A-Za-z0-9+/=]+)","payloadType":'), 'base64'), 'UTF8');
    IF starts_with(
        split_part(statement, '"previous":"', -1),
        head || '","seq":' || NEW.seq || '},"predicateType":'
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'line % does not follow the line before it', NEW.seq
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER comes_next BEFORE INSERT ON safetycase.line
    FOR EACH ROW EXECUTE FUNCTION safetycase.comes_next();
ALTER TABLE safetycase.line ENABLE ALWAYS TRIGGER comes_next;
"""

NEVER = """
CREATE FUNCTION safetycase.never() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of table % is refused: a record is only ever added to',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

# ENABLE ALWAYS: also in a session that replicates, where ordinary triggers are silent.
GUARD = """
CREATE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON safetycase.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION safetycase.never();
ALTER TABLE safetycase.{table} ENABLE ALWAYS TRIGGER never;
REVOKE UPDATE, DELETE, TRUNCATE ON safetycase.{table} FROM PUBLIC, CURRENT_USER;
"""


def upgrade() -> None:
    """Make the tables and their guards."""
    for statements in (TABLES, NEVER, NEXT, GUARD.format(table="log"), GUARD.format(table="line")):
        op.get_bind().exec_driver_sql(statements)
