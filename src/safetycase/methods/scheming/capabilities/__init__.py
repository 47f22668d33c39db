"""A harmful ability bounded by the abilities that it needs."""
