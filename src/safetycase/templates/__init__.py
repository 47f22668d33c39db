"""Our own case templates: data files, found like anybody else's."""
