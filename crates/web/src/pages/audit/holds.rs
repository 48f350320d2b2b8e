//! Legal holds: what may not be erased.

mod lift;
mod list;
mod new;
mod place;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/holds", list::list)
        .get("/audit/holds/new", new::new)
        .post_confirmed("/audit/holds", place::place)
        .get("/audit/holds/{hold}/lift", lift::ask)
        .post_confirmed("/audit/holds/{hold}/lift", lift::lift)
}
