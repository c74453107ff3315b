"""The tree is that of RFC 9162: published roots, and the proofs of another implementation."""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise

import pytest
from pymerkle import InmemoryTree

from headland.proof.merkle import (
    NodeReader,
    RunningRoot,
    hash_leaf,
    hash_node,
    prove_consistency,
    prove_inclusion,
    root_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from headland.proof.tiles import (
    TILE_WIDTH,
    TileName,
    TileWriter,
    fold,
    node_reader,
    read_tile_name,
    split_hashes,
    width_at,
)

#: The leaves and roots of the reference tree of Certificate Transparency (RFC 6962 and its successor 9162).
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
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


def reader_of(hashes: list[bytes]) -> NodeReader:
    return lambda level, index: fold(hashes[index << level : (index + 1) << level])


def test_the_roots_are_the_published_ones() -> None:
    running = RunningRoot()
    assert running.root() == hashlib.sha256(b"").digest()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        running.append(hash_leaf(leaf))
        assert running.root().hex() == root


def test_paths_and_roots_are_those_of_another_implementation() -> None:
    other = InmemoryTree(algorithm="sha256")
    hashes = []
    for number in range(70):
        content = number.to_bytes(2, "big")
        other.append_entry(content)
        hashes.append(hash_leaf(content))
    read = reader_of(hashes)
    for size in range(1, 71):
        assert root_at(read, size) == root_of(hashes[:size]) == other.get_root(size)
    for size in (1, 2, 3, 8, 37, 64, 70):
        for index in range(size):
            assert prove_inclusion(read, index, size) == other.prove_inclusion(index + 1, size).path[1:]


def test_paths_are_those_of_the_example_in_the_rfc() -> None:
    leaves = [hash_leaf(bytes([number])) for number in range(7)]
    a, b, c, d, e, f, j = leaves
    g, h, i = hash_node(a, b), hash_node(c, d), hash_node(e, f)
    k, l = hash_node(g, h), hash_node(i, j)  # noqa: E741 - the names of the RFC
    read = reader_of(leaves)
    assert root_at(read, 7) == hash_node(k, l)
    assert prove_inclusion(read, 0, 7) == [b, h, l]
    assert prove_inclusion(read, 3, 7) == [c, g, l]
    assert prove_inclusion(read, 4, 7) == [f, j, k]
    assert prove_inclusion(read, 6, 7) == [i, k]
    assert prove_consistency(read, 3, 7) == [c, d, g, l]
    assert prove_consistency(read, 4, 7) == [l]
    assert prove_consistency(read, 6, 7) == [i, j, k]


def test_every_inclusion_path_proves_its_leaf_and_no_other() -> None:
    hashes = [hash_leaf(bytes([number])) for number in range(33)]
    read = reader_of(hashes)
    for size in range(1, 34):
        root = root_at(read, size)
        for index in range(size):
            path = prove_inclusion(read, index, size)
            assert verify_inclusion(index, size, hashes[index], path, root)
            assert not verify_inclusion(index, size, hashes[index - 1] if size > 1 else b"x" * 32, path, root)
            assert not verify_inclusion(index + size, size, hashes[index], path, root)
            assert not verify_inclusion(index, size, hashes[index], [*path, root], root)
            assert not path or not verify_inclusion(index, size, hashes[index], path[:-1], root)


def test_a_consistency_path_proves_a_beginning_and_no_fork() -> None:
    hashes = [hash_leaf(bytes([number])) for number in range(33)]
    read = reader_of(hashes)
    for new in range(1, 34):
        for old in range(new + 1):
            path = prove_consistency(read, old, new)
            assert verify_consistency(old, new, root_at(read, old), root_at(read, new), path)
            if 0 < old < new:
                forged = [*hashes[: old - 1], hash_leaf(b"forged")]
                assert not verify_consistency(old, new, root_of(forged), root_at(read, new), path)
                assert not verify_consistency(old, new, root_at(read, old), root_at(read, new), path[:-1])
                assert not verify_consistency(old, new, root_at(read, old), root_at(read, new), [*path, path[0]])


def test_paths_of_a_wrong_form_are_refused() -> None:
    with pytest.raises(ValueError, match="leaf 3 is not in a tree of 3"):
        prove_inclusion(reader_of([]), 3, 3)
    with pytest.raises(ValueError, match="not the beginning"):
        prove_consistency(reader_of([]), 4, 3)
    leaf = hash_leaf(b"")
    assert not verify_inclusion(0, 1, leaf, [b"short"], leaf)
    assert not verify_consistency(2, 1, leaf, leaf, [])
    assert not verify_consistency(3, 7, leaf, leaf, [])
    assert not verify_consistency(0, 3, leaf, leaf, [])


def test_tiles_hold_the_same_tree_in_whatever_portions_it_grows() -> None:
    chance = random.Random(7)
    hashes = [hash_leaf(number.to_bytes(4, "big")) for number in range(3 * TILE_WIDTH + 77)]
    stored: dict[tuple[int, int], bytes] = {}
    sizes = sorted({0, 1, TILE_WIDTH, 2 * TILE_WIDTH, len(hashes), *chance.choices(range(len(hashes)), k=5)})
    for old, new in pairwise(sizes):
        newest = {level: max(n for lvl, n in stored if lvl == level) for level in {lvl for lvl, _ in stored}}
        rows = {level: (number, stored[level, number]) for level, number in newest.items()}
        writer = TileWriter(rows)
        assert writer.size == old
        for hash_ in hashes[old:new]:
            writer.append(hash_)
        stored.update(writer.changed)
    read = node_reader(lambda level, number: stored[level, number])
    assert root_at(read, len(hashes)) == root_of(hashes)
    assert {place: len(split_hashes(row)) for place, row in stored.items()} == {
        (0, 0): 256, (0, 1): 256, (0, 2): 256, (0, 3): 77, (1, 0): 3
    }  # fmt: skip
    assert [width_at(0, 3, len(hashes)), width_at(1, 0, len(hashes)), width_at(0, 4, len(hashes))] == [77, 3, 0]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("0/000", TileName(0, 0)),
        ("1/x001/x234/067", TileName(1, 1_234_067)),
        ("0/x001/234.p/17", TileName(0, 1_234, 17)),
    ],
)
def test_a_tile_has_the_name_that_c2sp_gives_it(path: str, name: TileName) -> None:
    assert name.path() == path
    assert read_tile_name(path) == name


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/", "0/0", "0/x000/001", "0/x001/1", "0/1234", "64/000", "0/000.p/0", "0/000.p/257", "0/000.p/256",
     "00/000", "0/-01", "0/٣٣٣", "0/../secret", "0/x000", "0/000.p/", "0/x" + "/x".join(["001"] * 9) + "/000"],
)  # fmt: skip
def test_other_names_of_tiles_are_refused(path: str) -> None:
    assert read_tile_name(path) is None
