//! Work that nobody asks for, done again and again while the server runs.

pub(crate) mod alarms;
pub(crate) mod anomalies;
#[cfg(feature = "columnar")]
pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod drills;
pub(crate) mod exports;
pub(crate) mod grants;
pub(crate) mod locks;
pub(crate) mod mail;
#[cfg(feature = "columnar")]
pub(crate) mod retention;
pub(crate) mod streams;
pub(crate) mod supervise;
pub(crate) mod uses;
pub(crate) mod witnesses;
