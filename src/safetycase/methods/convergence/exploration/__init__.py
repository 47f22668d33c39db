"""Does a policy hold back what it could do? Perturbations and elicitation, with planted ε."""
