"""Whether a reward ever saw the reasoning."""
