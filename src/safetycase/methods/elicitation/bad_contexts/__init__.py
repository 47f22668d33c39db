"""Is there a context in which a model behaves badly? Searches with measured power."""
