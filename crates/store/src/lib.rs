//! The only crate with SQL: transactions, audit log, access gate, both databases.
