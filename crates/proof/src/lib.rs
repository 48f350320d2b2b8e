//! Canonical bytes, Merkle trees, checkpoints and an independent verifier for audit logs.
