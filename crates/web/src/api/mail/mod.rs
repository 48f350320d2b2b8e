//! Letters to people, without what they say.

pub(super) mod list;
