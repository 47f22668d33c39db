"""Model organisms: models with planted behaviour, made from the subject, to measure tests by."""
