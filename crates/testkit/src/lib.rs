//! Actors, both databases, clocks and fault injection for tests.

pub mod postgres;
