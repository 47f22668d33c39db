"""Safety cases for AI systems, as code you can run."""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Reading package metadata costs more than the rest of a cold start, so it is done when asked.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("safetycase")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+source"
