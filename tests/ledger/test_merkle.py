"""The Merkle tree: published vectors, and every size up to 40."""

from __future__ import annotations

import hashlib

import pytest

from safetycase.ledger.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The reference vectors of the Certificate Transparency project (merkle_tree_test.cc, and
# merkletree_test.go after it): eight leaves and the root after each.
LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]

# From the same tests: (leaf, size, proof) and (old size, new size, proof), sizes from 1.
INCLUSION = [
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (2, 5, [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 5, [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_the_reference_tree(size: int) -> None:
    assert root(HASHES[:size]).hex() == ROOTS[size - 1]
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.add(bytes.fromhex(leaf))
    assert (tree.size, tree.root().hex()) == (size, ROOTS[size - 1])


def test_a_tree_without_leaves() -> None:
    assert root([]) == Frontier().root() == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("leaf", "size", "proof"), INCLUSION)
def test_the_inclusion_proofs_of_the_reference_tree(leaf: int, size: int, proof: list[str]) -> None:
    made = inclusion_proof(HASHES[:size], leaf - 1)
    assert [step.hex() for step in made] == proof
    expected = bytes.fromhex(ROOTS[size - 1])
    assert verify_inclusion(HASHES[leaf - 1], leaf - 1, size, made, expected)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_the_consistency_proofs_of_the_reference_tree(old: int, new: int, proof: list[str]) -> None:
    made = consistency_proof(HASHES[:new], old)
    assert [step.hex() for step in made] == proof
    roots = [bytes.fromhex(each) for each in ROOTS]
    assert verify_consistency(old, new, roots[old - 1], roots[new - 1], made)


SIZES = range(1, 41)
MANY = [leaf_hash(bytes([n])) for n in SIZES]


def _by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(_by_definition(leaves[:half]), _by_definition(leaves[half:]))


TREES = {size: _by_definition(MANY[:size]) for size in SIZES}


def test_the_root_is_that_of_the_definition_for_every_size() -> None:
    assert {size: root(MANY[:size]) for size in SIZES} == TREES


def test_an_inclusion_proof_holds_for_its_leaf_its_place_and_its_size_only() -> None:
    for size in SIZES:
        for index in range(size):
            proof = inclusion_proof(MANY[:size], index)
            assert verify_inclusion(MANY[index], index, size, proof, TREES[size])
            for other in range(size):
                if other != index:
                    assert not verify_inclusion(MANY[index], other, size, proof, TREES[size])
                    assert not verify_inclusion(MANY[other], index, size, proof, TREES[size])
            assert not verify_inclusion(MANY[index], index, size, [*proof, EMPTY], TREES[size])
            assert not proof or not verify_inclusion(
                MANY[index], index, size, proof[:-1], TREES[size]
            )
            for step in range(len(proof)):
                bent = [*proof[:step], EMPTY, *proof[step + 1 :]]
                assert not verify_inclusion(MANY[index], index, size, bent, TREES[size])


def test_a_consistency_proof_holds_for_its_two_trees_only() -> None:
    for new in SIZES:
        for old in range(1, new + 1):
            proof = consistency_proof(MANY[:new], old)
            assert verify_consistency(old, new, TREES[old], TREES[new], proof)
            assert not verify_consistency(old, new, EMPTY, TREES[new], proof)
            assert not verify_consistency(old, new, TREES[old], EMPTY, proof)
            assert not verify_consistency(old, new, TREES[old], TREES[new], [*proof, EMPTY])
            for step in range(len(proof)):
                bent = [*proof[:step], EMPTY, *proof[step + 1 :]]
                assert not verify_consistency(old, new, TREES[old], TREES[new], bent)
                assert not verify_consistency(
                    old, new, TREES[old], TREES[new], proof[:step] + proof[step + 1 :]
                )


def test_every_tree_began_without_leaves() -> None:
    assert verify_consistency(0, 5, EMPTY, TREES[5], [])
    assert not verify_consistency(0, 5, TREES[1], TREES[5], [])
    assert not verify_consistency(0, 5, EMPTY, TREES[5], [TREES[5]])
    assert not verify_consistency(6, 5, TREES[6], TREES[5], [])


def test_a_proof_of_something_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 3 in a tree of 3"):
        inclusion_proof(MANY[:3], 3)
    with pytest.raises(ValueError, match="no proof from 0 to 3 leaves"):
        consistency_proof(MANY[:3], 0)
    assert not verify_inclusion(MANY[0], 0, 0, [], EMPTY)
    assert not verify_inclusion(MANY[0], 0, 2, [b"short"], TREES[2])
