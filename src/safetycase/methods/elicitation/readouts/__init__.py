"""Readouts of the inside of a model, with the controls without which they certify nothing."""
