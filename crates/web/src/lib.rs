//! Pages and JSON API: routes, access, errors, templates and assets.
//!
//! A request passes the [`bootstrap`] (identity, transport, headers, limits), then the routing table, then the
//! [`access::Access`] of its handler, and only then the handler. [`routes::Routes`] is the only way to get a handler
//! served, and it accepts only handlers that name their access rule.

pub mod access;
mod api;
pub mod assets;
pub mod bootstrap;
mod bundle_file;
pub mod csrf;
pub mod description;
mod document_file;
mod document_form;
pub mod error;
mod export_file;
mod file;
pub mod forms;
pub mod health;
pub mod jobs;
mod key_version;
pub mod limits;
mod looking_back;
mod matching;
mod once;
pub mod pace;
mod pages;
mod placing;
pub mod rates;
mod retained;
pub mod routes;
mod searching;
pub mod shell;
pub mod state;
mod well_known;
pub mod when;

use routes::Routes;
use state::Outgoing;

/// Every route of a server whose letters leave like this: a demonstration shows the mailbox that they went to.
pub fn routes_with(outgoing: &Outgoing) -> Routes {
    match outgoing {
        Outgoing::Kept(_) => routes().merge(pages::mailbox()),
        Outgoing::Nowhere | Outgoing::Smtp => routes(),
    }
}

/// Every route of the product: the one list.
pub fn routes() -> Routes {
    Routes::new()
        .merge(health::routes())
        .merge(well_known::routes())
        .merge(api::routes())
        .merge(pages::routes())
}

/// The description of the API (OpenAPI 3.1), as text.
pub fn openapi() -> String {
    let document = description::document(&routes());
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// Every setting of the server's configuration that a page names, `section.name`: whoever reads the configuration can
/// make sure that it knows them.
pub fn named_settings() -> impl Iterator<Item = &'static str> {
    pages::settings()
}
