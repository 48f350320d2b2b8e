//! What a request sends, as values: forms that keep what was typed, JSON that names the field that is wrong, filters,
//! ids in paths.

mod field;
mod form;
mod id;
mod json;
mod local_path;
mod pair;
mod problem;
mod query;

pub use field::{Choice, Field, Select};
pub use form::{Form, Typed};
pub use id::Id;
pub use json::Json;
pub(crate) use json::JsonOctets;
pub use local_path::LocalPath;
pub(crate) use pair::Pair;
pub use problem::Problem;
pub(crate) use problem::in_order;
pub use query::Query;
