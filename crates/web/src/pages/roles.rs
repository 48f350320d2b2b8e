//! Roles and what they hold: built-in ones, and those that the tenant makes.

mod change;
mod create;
mod delete;
mod matrix;
mod new;
mod show;
mod ticks;

use crate::routes::Routes;

/// The names that the operations have for the fields of the forms.
const NAMES: &[(&str, &str)] = &[("permission", "permissions")];

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/roles", matrix::matrix)
        .get("/roles/new", new::new)
        .post("/roles", create::create)
        .get("/roles/{role}", show::show)
        .post("/roles/{role}", change::change)
        .get("/roles/{role}/delete", delete::ask)
        .post("/roles/{role}/delete", delete::delete)
}
