//! How long records stay in the database.

mod change;
mod look;
mod set;
mod show;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/retention", show::show)
        .get("/audit/retention/look", look::look)
        .get("/audit/retention/change", change::change)
        .post_confirmed("/audit/retention", set::set)
}

/// Days as people read them.
fn kept(days: i64) -> String {
    crate::pages::parts::counted(days, "day")
}
