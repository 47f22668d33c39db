"""White-box search for contexts in which a model behaves badly, and readouts of what it hides."""
