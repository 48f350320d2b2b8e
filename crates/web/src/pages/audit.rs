//! The audit log: searching it, one record, the history of one thing, and what proves that nothing was altered.

mod about;
pub(in crate::pages) mod actors;
mod anomalies;
mod archive;
mod as_of;
mod beside;
mod between;
mod bundle;
mod chart;
mod difference;
mod drills;
mod entity;
mod event;
mod exports;
mod facts;
mod fields;
mod filter;
mod find;
mod holds;
mod intake;
pub(in crate::pages) mod moment;
mod receipt;
mod record;
mod restores;
mod retention;
mod retired;
mod rights;
mod saved;
mod search;
mod spelling;
mod streams;
mod subjects;
mod verify_status;
mod words;

use std::fmt::Display;

pub(crate) use about::{About, about};
pub(crate) use find::{Hit, find};

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/audit", search::search)
        .get("/audit/searches", saved::list)
        .post("/audit/searches", saved::keep)
        .get("/audit/searches/{search}/remove", saved::ask)
        .post("/audit/searches/{search}/remove", saved::remove)
        .get("/audit/verify", verify_status::verify_status)
        .get("/audit/drills", drills::list)
        .post("/audit/drills", drills::run)
        .get("/audit/anomalies", anomalies::list)
        .get("/audit/events/{event}", event::event)
        .post("/audit/events/{event}/receipt", receipt::disclose)
        .get("/audit/entities/{type}/{id}", entity::entity)
        .get("/audit/bundle", bundle::ask)
        .post("/audit/bundle", bundle::make)
        .get("/audit/intake", intake::show::show)
        .post("/audit/intake", intake::set::set)
        .post("/audit/intake/try", intake::attempt::attempt)
        .post("/audit/intake/schemas", intake::register::register)
        .get("/audit/intake/schemas/{schema}", intake::schema::show)
        .post("/audit/intake/schemas/{schema}", intake::schema::change)
        .get("/audit/intake/schemas/{schema}/remove", intake::remove::ask)
        .post("/audit/intake/schemas/{schema}/remove", intake::remove::remove)
        .get("/audit/entities/{type}/{id}/as-of", as_of::as_of)
        .get("/audit/entities/{type}/{id}/difference", between::between)
        .merge(holds::routes())
        .merge(retention::routes())
        .merge(restores::routes())
        .merge(subjects::routes())
        .merge(streams::routes())
        .get("/audit/archive", archive::archive)
        .merge(exports::routes())
}

/// Where the history of a thing is.
pub(crate) fn history(kind: &str, id: impl Display) -> String {
    format!("/audit/entities/{kind}/{id}")
}
