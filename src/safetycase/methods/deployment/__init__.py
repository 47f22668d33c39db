"""Many queries: how errors add up over a deployment, and outputs nothing can be read into."""
