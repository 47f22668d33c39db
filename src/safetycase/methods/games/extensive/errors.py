"""What this room says when a game cannot be solved as it is."""

__all__ = ["GameError"]


class GameError(ValueError):
    """A game that cannot be solved as it is; the message says where and why."""
