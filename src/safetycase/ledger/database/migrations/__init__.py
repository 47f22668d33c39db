"""How the tables of a team's database came to be, one step at a time; run by Alembic."""
