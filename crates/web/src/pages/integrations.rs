//! Integrations with services of others. No page ever shows a secret: configurations hold references.

mod act;
mod create;
mod edit;
mod entry;
mod list;
mod new;
mod remove;
mod show;

use bailiwick_domain::{
    entity::{Integration, IntegrationHealth},
    rule::Rule,
};
use bailiwick_store::Permit;

use crate::{
    pages::parts::{Badge, counted},
    routes::Routes,
    shell::{Shell, Visit},
};

/// Where the list is.
const LIST: &str = "/integrations";

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/integrations", list::list)
        .post("/integrations", create::create)
        .get("/integrations/new", new::new)
        .get("/integrations/{integration}", show::show)
        .post("/integrations/{integration}", edit::update)
        .get("/integrations/{integration}/edit", edit::edit)
        .post("/integrations/{integration}/enable", act::enable)
        .post("/integrations/{integration}/disable", act::disable)
        .post("/integrations/{integration}/test", act::test)
        .get("/integrations/{integration}/remove", remove::ask)
        .post("/integrations/{integration}/remove", remove::remove)
}

/// What surrounds a page behind that of an integration.
fn shell<R: Rule>(permit: &Permit<R>, visit: &Visit, found: &Integration, title: &str) -> Shell {
    Shell::new(permit, visit, title)
        .under("Integrations", LIST)
        .under(found.name.clone(), format!("{LIST}/{}", found.id))
}

/// Whether it is in use.
fn state(integration: &Integration) -> Badge {
    if integration.enabled { Badge::new("ok", "Enabled") } else { Badge::new("mute", "Disabled") }
}

/// How its tests went.
fn health(health: Option<&IntegrationHealth>) -> Badge {
    match health {
        None => Badge::new("mute", "Not tested"),
        Some(health) if health.failures > 0 => {
            Badge::new("bad", format!("Failed {} in a row", counted(health.failures, "time")))
        }
        Some(health) if health.tested_at.is_some() || health.tests > 1 => Badge::new("ok", "Works"),
        Some(_) => Badge::new("info", "Being tested"),
    }
}
