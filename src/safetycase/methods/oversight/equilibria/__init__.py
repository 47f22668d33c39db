"""The largest error over every approximate equilibrium of a game, with a witness and a proof."""
