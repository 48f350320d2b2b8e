//! Listening: sockets, TLS, limits of a connection, and an orderly end.

mod guard;
pub(crate) mod listen;
pub(crate) mod serve;
pub(crate) mod tls;
