"""What every result made elsewhere says of its origin, in the same words."""

from __future__ import annotations

__all__ = ["ORDER_LIMIT", "made_elsewhere"]

ORDER_LIMIT = (
    "The run was made elsewhere, before its criterion was registered here: nothing shows that it "
    "is the only run, or that the criterion was not chosen after the result."
)


def made_elsewhere(*, by: str, at: str, identity: str = "") -> dict[str, str]:
    """The diagnostics of an imported result: by which tool, when, and what is not shown.

    `identity` says how the subject is known beyond the word of the file; it is never better
    than `reported`, since nobody here saw which model ran.
    """
    return {
        "made elsewhere by": by,
        "made at, by its own clock": at or "not said",
        "identity": "reported" + (f": {identity}" if identity else ""),
        "order": "none: the run was over before anything about it was registered",
    }
