//! Inviting people.

mod create;
mod list;
mod new;
mod revoke;

use crate::routes::Routes;

pub(crate) use list::badge;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/invitations", list::list)
        .get("/invitations/new", new::new)
        .post("/invitations", create::create)
        .get("/invitations/{invitation}/revoke", revoke::ask)
        .post("/invitations/{invitation}/revoke", revoke::revoke)
}
