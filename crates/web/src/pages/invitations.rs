//! Inviting people.

mod create;
mod list;
mod many;
mod new;
mod resend;
mod revoke;

use crate::routes::Routes;

pub(crate) use list::badge;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/invitations", list::list)
        .get("/invitations/new", new::new)
        .post("/invitations", create::create)
        .get("/invitations/many", many::new)
        .post("/invitations/many", many::create)
        .get("/invitations/{invitation}/resend", resend::ask)
        .post("/invitations/{invitation}/resend", resend::resend)
        .get("/invitations/{invitation}/revoke", revoke::ask)
        .post("/invitations/{invitation}/revoke", revoke::revoke)
}
