//! Streams of the audit log to other systems.

mod act;
mod create;
mod list;
mod new;
mod place;
mod remove;
mod replay;
mod secret;
mod show;
mod start;
mod typed;
mod update;

use bailiwick_domain::{entity::Stream, ids::StreamId, rule::Rule};
use bailiwick_store::{Permit, Store, audit::stream};

use crate::{
    error::Result,
    pages::step_up::Sent,
    routes::Routes,
    shell::{Shell, Visit},
};

/// Where the list is.
const LIST: &str = "/audit/streams";

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/streams", list::list)
        .post("/audit/streams", create::create)
        .get("/audit/streams/new", new::new)
        .get("/audit/streams/{stream}", show::show)
        .post("/audit/streams/{stream}", update::update)
        .post_confirmed("/audit/streams/{stream}/start", start::start)
        .get("/audit/streams/{stream}/place", place::ask)
        .post_confirmed("/audit/streams/{stream}/place", place::place)
        .post_confirmed("/audit/streams/{stream}/secret", secret::rotate)
        .post("/audit/streams/{stream}/pause", act::pause)
        .post("/audit/streams/{stream}/resume", act::resume)
        .post("/audit/streams/{stream}/test", act::try_out)
        .post("/audit/streams/{stream}/replay", replay::replay)
        .get("/audit/streams/{stream}/remove", remove::ask)
        .post("/audit/streams/{stream}/remove", remove::remove)
}

/// What surrounds a page behind that of a stream.
fn shell<R: Rule>(permit: &Permit<R>, visit: &Visit, found: &Stream, title: &str) -> Shell {
    Shell::new(permit, visit, title)
        .under("Audit log", "/audit")
        .under("Streams", LIST)
        .under(found.name.clone(), format!("{LIST}/{}", found.id))
}

/// What is posted once more with the code, to this part of a stream.
fn with_code<R: Rule>(
    permit: &Permit<R>,
    visit: &Visit,
    found: &Stream,
    part: &str,
    button: &'static str,
) -> Sent {
    let path = format!("{LIST}/{}", found.id);
    Sent {
        shell: shell(permit, visit, found, "Confirm with a code"),
        action: format!("{path}/{part}"),
        typed: Vec::new(),
        button,
        cancel: path,
    }
}

/// As [`with_code`], for a stream that nobody has read so far.
async fn found_with_code<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    id: StreamId,
    part: &str,
    button: &'static str,
) -> Result<Sent> {
    let found = stream::find(&mut store.read(permit).await?, id).await?.stream;
    Ok(with_code(permit, visit, &found, part, button))
}
