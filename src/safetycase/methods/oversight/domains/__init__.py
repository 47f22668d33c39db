"""Families of instances whose truth is known by construction."""
