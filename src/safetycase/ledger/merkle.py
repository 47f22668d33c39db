"""The Merkle tree over a record: one hash for all of it, short proofs for a part of it.

The tree is that of RFC 6962, section 2.1; proofs are made and checked as in RFC 9162, sections
2.1.3 and 2.1.4. The data of a leaf is the digest of a line (32 raw bytes), so that a proof shows
nothing of what the line says. Hashes are 32 raw bytes everywhere in this module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

__all__ = [
    "Frontier",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node with two children: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that only grows: enough of it to add a leaf and to tell the root, in log(n) hashes."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Add one leaf with these bytes."""
        self.add_hash(leaf_hash(data))

    def add_hash(self, leaf: bytes) -> None:
        """Add one leaf whose hash is known."""
        full = self.size
        while full & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            full >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaves of which the hashes are given."""
    tree = Frontier()
    for leaf in leaves:
        tree.add_hash(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What shows that leaf `index` (from 0) is in the tree over `leaves` (hashes), bottom up.

    RFC 9162, section 2.1.3.1. Raises ValueError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), root(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), root(leaves[:half])]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """What shows that the tree over the first `old` of `leaves` (hashes) is where this one began.

    RFC 9162, section 2.1.4.1. Raises ValueError unless 0 < old <= len(leaves).
    """
    if not 0 < old <= len(leaves):
        raise ValueError(f"no proof from {old} to {len(leaves)} leaves")
    return _subproof(leaves, old, whole=True)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Whether `proof` shows that leaf hash `leaf` is number `index` under the root `expected`.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size or not _hashes(proof):
        return False
    position, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(step, found)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, step)
        position, last = position >> 1, last >> 1
    return last == 0 and found == expected


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `old` leaves is where that of `new` leaves began.

    RFC 9162, section 2.1.4.2. A tree without leaves is where every tree began.
    """
    if not 0 <= old <= new or not _hashes(proof):
        return False
    if old == 0 or old == new:
        same = old_root == EMPTY if old == 0 else old_root == new_root
        return same and not proof
    path = list(proof)
    if old & (old - 1) == 0:  # a full tree: its root is itself a node of the larger one
        path.insert(0, old_root)
    if not path:
        return False
    return _climb(old - 1, new - 1, path) == (old_root, new_root)


def _climb(position: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """The old and the new root that a path leads to; None if its length does not fit."""
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, step)
        position, last = position >> 1, last >> 1
    return (before, after) if last == 0 else None


def _subproof(leaves: Sequence[bytes], old: int, *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    half = _split(len(leaves))
    if old <= half:
        return [*_subproof(leaves[:half], old, whole=whole), root(leaves[half:])]
    return [*_subproof(leaves[half:], old - half, whole=False), root(leaves[:half])]


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return int(1 << (size - 1).bit_length() - 1)


def _hashes(proof: Sequence[bytes]) -> bool:
    return all(len(step) == 32 for step in proof)
