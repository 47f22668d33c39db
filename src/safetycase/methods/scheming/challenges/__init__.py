"""Challenges of stealth and situational awareness, by the published rule."""
