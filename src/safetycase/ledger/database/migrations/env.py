"""What Alembic runs: the steps on the connection it is given, inside that transaction."""

from __future__ import annotations

from alembic import context

from safetycase.ledger.database.tables import SCHEMA

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema=SCHEMA, include_schemas=True)
context.run_migrations()
