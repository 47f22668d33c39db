"""The policy that is used where a case folder has none."""

from __future__ import annotations

from typing import Final

__all__ = ["DEFAULT_POLICY"]

DEFAULT_POLICY: Final = """\
# Used where the case folder has no policy.yaml. Copy it there to change it.
policy: default
says: A release rests on a full case that holds today, on evidence whose criteria came first, and
  on people who did not write it.
verdict_valid_for: 90 days

release:
  - clause: record-verifies
  - clause: well-formed
  - clause: maturity-full
  - clause: verdict-holds
  - clause: leaves-fresh
  - clause: assumptions-owned-and-unexpired
  - clause: decision-unexpired
  - clause: monitors-heard
  - clause: attempts-within
  - clause: ordering-grade
    at_least: self
  - clause: review-asked
    at_least: 1
  - clause: no-open-challenge
    at_least: major
  - clause: sign-off
    count: 1

merge:
  - clause: record-verifies
  - clause: well-formed
  - clause: policy-not-weaker
  - clause: loosening-signed
    reviewers: 1
    reviewers_if_full: 2
    undecided: signed
    reworded: shown
  - clause: reruns-recorded
  - clause: no-less-shown
"""
