"""Exact games between an attacker and a control protocol with a limited number of audits."""
