"""Current recipes, registration, scheduling and workers; yields events, prints nothing."""
