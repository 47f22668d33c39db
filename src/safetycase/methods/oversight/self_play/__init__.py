"""Small policies trained by self-play in solvable games, and whether training reached the end."""
