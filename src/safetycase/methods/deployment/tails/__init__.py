"""From an error rate to the chance of enough bad actions: `deployment/tails`."""
