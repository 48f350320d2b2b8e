//! Background jobs, for the platform's own people.

pub(super) mod list;
