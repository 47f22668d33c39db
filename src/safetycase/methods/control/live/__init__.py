"""A live control evaluation: tasks, policies, monitors, rounds, and what is counted."""
