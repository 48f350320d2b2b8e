//! Keys with which other programs act here.

mod create;
mod list;
mod new;
mod revoke;

use crate::routes::Routes;

pub(crate) use list::badge;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/api-keys", list::list)
        .get("/api-keys/new", new::new)
        .post("/api-keys", create::create)
        .get("/api-keys/{key}/revoke", revoke::ask)
        .post("/api-keys/{key}/revoke", revoke::revoke)
}
