//! Background jobs, for the platform's own people.

pub(super) mod alarms;
pub(super) mod list;
