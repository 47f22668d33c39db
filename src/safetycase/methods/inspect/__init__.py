"""Inspect tasks and logs as evidence; `inspect_ai` is imported only while a method runs."""
