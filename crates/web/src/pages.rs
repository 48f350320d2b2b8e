//! Pages for people: folders are nouns, files are verbs, one endpoint a file.

mod access;
mod account;
mod api_keys;
mod audit;
pub(crate) mod authenticator;
#[cfg(test)]
mod browser;
mod confirm;
mod documents;
pub(crate) mod enrol;
mod explorer;
mod find;
mod integrations;
mod invitations;
pub(crate) mod join;
mod keys;
mod mail;
mod mailbox;
pub(crate) mod missing;
mod parts;
mod platform;
mod policy;
pub(crate) mod reach;
mod refused;
pub(crate) mod reset;
mod roles;
mod rows;
mod secrets;
mod security;
mod sessions;
mod set_password;
pub(crate) mod sign_in;
mod start;
mod step_up;
mod teams;
mod titles;
mod unused;
mod users;

use bailiwick_store::Cursor;
pub(crate) use sign_in::known_device;

use crate::{
    error::{Error, Result},
    routes::Routes,
};

/// Every page.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/", start::start)
        .merge(sign_in::routes())
        .merge(enrol::routes())
        .merge(reset::routes())
        .merge(security::routes())
        .merge(users::routes())
        .merge(sessions::routes())
        .merge(invitations::routes())
        .merge(join::routes())
        .merge(mail::routes())
        .merge(api_keys::routes())
        .merge(secrets::routes())
        .merge(integrations::routes())
        .merge(keys::routes())
        .merge(roles::routes())
        .merge(teams::routes())
        .merge(access::routes())
        .merge(explorer::routes())
        .merge(unused::routes())
        .merge(documents::routes())
        .merge(policy::routes())
        .merge(audit::routes())
        .merge(platform::routes())
        .merge(account::routes())
        .merge(find::routes())
}

/// Every setting of the server's configuration that a page names.
pub(crate) fn settings() -> impl Iterator<Item = &'static str> {
    security::settings()
}

/// The mailbox of a demonstration.
pub(crate) fn mailbox() -> Routes {
    mailbox::routes()
}

/// The place in a list that an address names.
pub(crate) fn cursor(text: Option<&str>) -> Result<Option<Cursor>> {
    text.map(str::parse)
        .transpose()
        .map_err(|_| Error::BadRequest("The address names no place in this list."))
}
