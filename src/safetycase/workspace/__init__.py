"""Opens a case folder: files, record, catalogue, recipes, clock -> one frozen snapshot."""
