//! Work that nobody asks for, done again and again while the server runs.

pub(crate) mod alarms;
pub(crate) mod anomalies;
pub(crate) mod answers;
pub(crate) mod api_keys;
#[cfg(feature = "columnar")]
pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod documents;
pub(crate) mod drills;
pub(crate) mod exports;
pub(crate) mod grants;
pub(crate) mod integrations;
pub(crate) mod key_node;
pub(crate) mod keys;
pub(crate) mod locks;
pub(crate) mod mail;
#[cfg(feature = "columnar")]
pub(crate) mod retention;
pub(crate) mod root_key;
pub(crate) mod root_move;
pub(crate) mod streams;
pub(crate) mod supervise;
pub(crate) mod uses;
pub(crate) mod witnesses;
