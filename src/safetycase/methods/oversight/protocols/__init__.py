"""Oversight protocols, one a module or package, each with a record named `PROTOCOL`."""
