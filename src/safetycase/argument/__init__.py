"""The argument: vocabulary, case file, criteria. Text <-> records; no file is opened here."""
