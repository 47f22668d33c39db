"""Bad-context search in language models: prompts with a gap, scored by the replies they force."""
