"""Oversight protocols played with language models: `oversight/live`, and its Inspect tasks."""
