"""A second purpose across many outputs: `deployment/side-objectives`."""
