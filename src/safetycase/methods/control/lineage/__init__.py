"""What monitors catch of other lineages, and in long contexts."""
