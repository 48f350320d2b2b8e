//! Data-subject requests: what is kept of a person, handing it out, erasing it.

mod erase;
mod files;
mod list;
mod open;
mod show;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/subjects", list::list)
        .post("/audit/subjects", open::open)
        .get("/audit/subjects/{request}", show::show)
        .post("/audit/subjects/{request}/data", files::data)
        .get("/audit/subjects/{request}/certificate", files::certificate)
        .get("/audit/subjects/{request}/erase", erase::ask)
        .post_confirmed("/audit/subjects/{request}/erase", erase::erase)
}
