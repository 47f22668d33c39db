"""Keys of a record: strong points only, so that every verifier takes the same ones."""

from __future__ import annotations

import pytest

from safetycase.ledger.keys import from_seed
from safetycase.ledger.points import is_strong

P = 2**255 - 19
# The points of order 1, 2, 4 and 8, and what else a decoder that reduces would take for them
# (D. J. Bernstein and others, "Ed25519", and the list that libsodium refuses).
ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def spelled(y: int, odd: int = 0) -> bytes:
    return (y | odd << 255).to_bytes(32, "little")


WEAK = [0, 1, P - 1, P, P + 1, *(int.from_bytes(bytes.fromhex(k), "little") for k in ORDER_8)]


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("y", WEAK)
def test_a_point_of_small_order_is_no_key(y: int, odd: int) -> None:
    assert not is_strong(spelled(y, odd))


def test_a_second_spelling_is_no_key() -> None:
    for y in range(19):
        assert not is_strong(spelled(P + y)), y


def test_bytes_off_the_curve_are_no_key() -> None:
    on = [y for y in range(2, 200) if is_strong(spelled(y))]
    assert 70 < len(on) < 130  # about half of all y have a point
    assert not is_strong(b"short")


@pytest.mark.parametrize("seed", range(20))
def test_made_keys_are_strong(seed: int) -> None:
    assert is_strong(from_seed(bytes([seed] * 32), "").public_key)
