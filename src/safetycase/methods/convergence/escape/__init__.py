"""Whether a way of training finds the behaviour that a policy hardly ever shows, and how soon."""
