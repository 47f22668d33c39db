"""Whether the controls that are deployed are those that were evaluated."""
