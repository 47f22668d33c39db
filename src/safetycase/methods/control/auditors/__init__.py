"""What auditors still catch of blind seeded items, month by month."""
