from __future__ import annotations

from safetycase.ledger.canonical import digest
from safetycase.ledger.recipe import DOMAIN, Recipe, differences

ONE = {"subject": {"weights": "w", "tools": []}, "sampling": {"n": 40}}


def test_the_digest_is_that_of_the_canonical_groups() -> None:
    assert Recipe(groups=ONE).digest == digest(ONE, domain=DOMAIN)
    reordered = {"sampling": {"n": 40}, "subject": {"tools": [], "weights": "w"}}
    assert Recipe(groups=reordered).digest == Recipe(groups=ONE).digest


def test_each_changed_field_is_named_once_and_changes_the_digest() -> None:
    for other, named in (
        ({"subject": {"weights": "v", "tools": []}, "sampling": {"n": 40}}, ("subject.weights",)),
        ({"subject": {"weights": "w", "tools": ["t"]}, "sampling": {"n": 40}}, ("subject.tools",)),
        ({"subject": {"weights": "w"}, "sampling": {"n": 41}}, ("subject.tools", "sampling.n")),
        ({"subject": ONE["subject"]}, ("sampling.n",)),
    ):
        assert differences(ONE, other) == named
        assert Recipe(groups=other).digest != Recipe(groups=ONE).digest
    assert differences(ONE, ONE) == ()
