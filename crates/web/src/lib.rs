//! Pages and JSON API: routes, access, errors, templates and assets.
//!
//! A request passes the [`bootstrap`] (identity, transport, headers, limits), then the routing table, then the
//! [`access::Access`] of its handler, and only then the handler. [`routes::Routes`] is the only way to get a handler
//! served, and it accepts only handlers that name their access rule.

pub mod access;
mod api;
pub mod assets;
pub mod bootstrap;
pub mod csrf;
pub mod error;
pub mod forms;
pub mod health;
pub mod limits;
mod pages;
pub mod routes;
pub mod shell;
pub mod state;
pub mod when;

use routes::Routes;

/// Every route of the product: the one list.
pub fn routes() -> Routes {
    Routes::new().merge(health::routes()).merge(api::routes()).merge(pages::routes())
}
