"""Whether failures look made: difficulty profile and repetition."""
