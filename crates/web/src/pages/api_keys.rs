//! Keys with which other programs act here.

mod create;
mod list;
mod narrow;
mod new;
mod revoke;
mod rotate;
mod show;

use crate::routes::Routes;

pub(crate) use list::badge;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/api-keys", list::list)
        .get("/api-keys/new", new::new)
        .post("/api-keys", create::create)
        .get("/api-keys/{key}", show::show)
        .post("/api-keys/{key}/narrow", narrow::narrow)
        .get("/api-keys/{key}/rotate", rotate::ask)
        .post_confirmed("/api-keys/{key}/rotate", rotate::rotate)
        .get("/api-keys/{key}/revoke", revoke::ask)
        .post("/api-keys/{key}/revoke", revoke::revoke)
}
