"""The task that the leaf names."""
