"""Has training reached what it looks like it reached? Local geometry, perturbation, escape."""
