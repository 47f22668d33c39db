"""The audit game of a deployment, from a curve, from laws or from scores."""
