"""Where attempts run: a process each, threads, Ray, Slurm; one protocol, no decisions."""
