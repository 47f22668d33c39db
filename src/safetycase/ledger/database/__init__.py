"""A record's lines, and an index of them, in PostgreSQL: for a team that adds to one record.

Only this package imports SQLAlchemy, Alembic and pg8000 (`pip install 'safetycase[team]'`), and
only inside the functions that need them. What it hands out is bytes that nobody has verified yet:
`team` checks them like a file.
"""
