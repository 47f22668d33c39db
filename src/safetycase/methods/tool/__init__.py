"""Evidence about a program: its tests, run here, with faults planted in it."""
