"""Linear probes, with the controls without which they say nothing."""
