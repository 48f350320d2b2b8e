//! Segments of the archive that were asked back, so that their records can be searched.

pub(super) mod create;
pub(super) mod end;
pub(super) mod list;
pub(super) mod show;
