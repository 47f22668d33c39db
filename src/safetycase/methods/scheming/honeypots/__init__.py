"""Temptations with and without an onlooker, and what passing says of a schemer."""
