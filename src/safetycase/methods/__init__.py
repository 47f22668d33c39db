"""Our own methods: plugins like any other, found by entry point; nothing imports this room."""
