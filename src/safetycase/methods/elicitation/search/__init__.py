"""Search for a patch of tokens that makes a model behave badly in most contexts it is put into."""
