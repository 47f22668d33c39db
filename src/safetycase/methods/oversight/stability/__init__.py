"""How far an argument lets small errors of its leaves grow: `oversight/stability`."""
