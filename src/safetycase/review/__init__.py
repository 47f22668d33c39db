"""Review of a case: challenges, signatures, policy and gate; pure, over assessment and record."""
