"""A control evaluation recomputed from the scores of finished runs."""
