//! Segments of the archive that were asked back, so that their records can be searched.

mod ask;
mod end;
mod list;
mod new;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/restores", list::list)
        .get("/audit/restores/new", new::new)
        .post("/audit/restores", ask::ask)
        .get("/audit/restores/{restore}/end", end::ask)
        .post("/audit/restores/{restore}/end", end::end)
}
