"""Readers and writers of other argument formats, each with a loss report."""
