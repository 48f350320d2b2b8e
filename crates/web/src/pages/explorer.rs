//! Who can do what, and why: by permission and by person, now and at a past moment.

mod person;
mod reasons;
mod who;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/access/who", who::who).get("/users/{user}/access", person::show)
}
