//! Key providers, envelope encryption, tokens and password hashes: the only crate that sees key bytes.
