//! Permissions that nobody used for ninety days, and taking them away.

mod copy_role;
mod line;
mod narrow_person;
mod narrow_role;
mod of_person;
mod of_role;
mod people;
mod roles;

use crate::routes::Routes;

pub(crate) use line::{LineRow, measured, recorded, row};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/access/unused", roles::roles)
        .get("/access/unused/roles/{role}", of_role::show)
        .post("/access/unused/roles/{role}/narrow", narrow_role::narrow)
        .post("/access/unused/roles/{role}/copy", copy_role::copy)
        .get("/access/unused/users", people::people)
        .get("/access/unused/users/{user}", of_person::show)
        .post("/access/unused/users/{user}/narrow", narrow_person::narrow)
}
