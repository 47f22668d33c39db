"""The review of a case as JSON data: every record of it, with what it is worth now."""

from __future__ import annotations

import dataclasses
from typing import Any

from safetycase.assess.reviewed import Challenged, Review

__all__ = ["review_json"]


def review_json(review: Review) -> dict[str, Any]:
    """A JSON-able mapping; `counts` says how many challenges were raised and what became of them.

    Of a sign-off and of a ruling `counts` says whether it says anything of the case as it is now.
    """
    return {
        "challenges": [_challenge(c) for c in review.challenges],
        "counts": {
            "raised": len(review.challenges),
            "raised_by_authors": sum(c.own for c in review.challenges),
            "open": review.count("open"),
            "answered": review.count("answered"),
            "conceded": review.count("conceded"),
            "withdrawn": review.count("withdrawn"),
        },
        "sign_offs": [dataclasses.asdict(s) | {"counts": s.counts} for s in review.sign_offs],
        "dissents": [dataclasses.asdict(d) for d in review.dissents],
        "overrides": [dataclasses.asdict(o) for o in review.overrides],
    }


def _challenge(challenge: Challenged) -> dict[str, Any]:
    rulings = [dataclasses.asdict(r) | {"counts": r.counts} for r in challenge.rulings]
    return dataclasses.asdict(challenge) | {"stands": challenge.stands, "rulings": rulings}
