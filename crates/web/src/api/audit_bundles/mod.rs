//! Evidence bundles.

pub(super) mod create;
