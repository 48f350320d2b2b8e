//! Streams of the audit log to other systems.

mod act;
mod create;
mod list;
mod new;
mod place;
mod remove;
mod replay;
mod secret;
mod show;
mod start;
mod typed;
mod update;

use crate::routes::Routes;

/// Where the list is.
const LIST: &str = "/audit/streams";

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/streams", list::list)
        .post("/audit/streams", create::create)
        .get("/audit/streams/new", new::new)
        .get("/audit/streams/{stream}", show::show)
        .post("/audit/streams/{stream}", update::update)
        .post_confirmed("/audit/streams/{stream}/start", start::start)
        .get("/audit/streams/{stream}/place", place::ask)
        .post_confirmed("/audit/streams/{stream}/place", place::place)
        .post_confirmed("/audit/streams/{stream}/secret", secret::rotate)
        .post("/audit/streams/{stream}/pause", act::pause)
        .post("/audit/streams/{stream}/resume", act::resume)
        .post("/audit/streams/{stream}/test", act::try_out)
        .post("/audit/streams/{stream}/replay", replay::replay)
        .get("/audit/streams/{stream}/remove", remove::ask)
        .post("/audit/streams/{stream}/remove", remove::remove)
}
