//! Secrets that are kept for the product. No page ever shows a value.

mod create;
mod delete;
mod discard;
mod list;
mod new;
mod rotate;
mod show;
mod stage;

use bailiwick_domain::{entity::Secret, rule::Rule};
use bailiwick_store::Permit;

use crate::{
    forms::{Field, Problem},
    routes::Routes,
    shell::{Shell, Visit},
};

/// Where the list is.
const LIST: &str = "/secrets";

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/secrets", list::list)
        .post("/secrets", create::create)
        .get("/secrets/new", new::new)
        .get("/secrets/{secret}", show::show)
        .post("/secrets/{secret}/stage", stage::stage)
        .post("/secrets/{secret}/discard", discard::discard)
        .post_confirmed("/secrets/{secret}/rotate", rotate::rotate)
        .get("/secrets/{secret}/delete", delete::ask)
        .post_confirmed("/secrets/{secret}/delete", delete::delete)
}

/// What surrounds a page behind that of a secret.
fn shell<R: Rule>(permit: &Permit<R>, visit: &Visit, found: &Secret, title: &str) -> Shell {
    Shell::new(permit, visit, title)
        .under("Secrets", LIST)
        .under(found.name.to_string(), format!("{LIST}/{}", found.id))
}

/// The field for a value, which never comes back with what was typed.
fn value(problems: &[Problem]) -> Field {
    Field::new("value", "Value")
        .hint("Up to 16 KiB here, and 64 KiB by the API. Nobody sees it again.")
        .emptied(problems)
}

/// A value as browsers send it: their lines end as those of letters do, and the files that values come from do not.
fn as_typed(value: &str) -> String {
    value.replace("\r\n", "\n")
}
