"""HiGHS (Huangfu & Hall 2018, Math. Prog. Comp. 10:119), set up to be silent and repeatable."""

from __future__ import annotations

from typing import Any

__all__ = ["quiet"]


def quiet() -> Any:
    """A new solver on one thread that prints nothing, not even the banner of its start."""
    import highspy

    class _Quiet(highspy.Highs):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802 - the wrapper's hook, called by its start
            """No callbacks: starting them prints before the output can be switched off."""
            self.setOptionValue("output_flag", False)

    highs = _Quiet()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs
