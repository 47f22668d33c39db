"""Misuse: what an assistant adds to the harm that people can do."""
