"""Whether two spellings are the name of one person.

The verifier in a report (`report/verifier/verify.js`) folds names in the same steps.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["folded"]

_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]"
)
"""Characters that show nothing and are not of the category `Cf`, which is left out too."""


def folded(name: str) -> str:
    """A name as it is compared: without regard to case, white space, and how it is encoded.

    Composed and decomposed letters are the same, full-width letters are plain ones, and what shows
    nothing (joiners, marks of direction) is left out. Letters of two scripts that look alike stay
    two letters.
    """
    plain = unicodedata.normalize("NFKC", name)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    # Up and down again, for letters of which only one case has another spelling.
    one_case = _UNSEEN.sub("", seen).lower().upper().lower()
    return " ".join(unicodedata.normalize("NFKC", one_case).split())
