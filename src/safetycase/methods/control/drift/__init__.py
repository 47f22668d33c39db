"""Whether live scores are still those that the monitor was evaluated on."""
