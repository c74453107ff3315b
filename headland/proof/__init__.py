"""Merkle log: hashing, proofs, signed checkpoints and their verification, without a registry and without a network."""
