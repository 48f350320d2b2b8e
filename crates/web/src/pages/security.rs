//! The security controls page and the triage of security events.

mod acknowledge;
mod checklist;
mod controls;
mod events;
mod panels;
mod resolve;
#[cfg(test)]
mod sample;
mod score;
mod tiles;

use bailiwick_domain::posture::Fix;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/security", controls::controls)
        .get("/security/events", events::events)
        .post("/security/events/{event}/acknowledge", acknowledge::acknowledge)
        .get("/security/events/{event}/resolve", resolve::ask)
        .post("/security/events/{event}/resolve", resolve::resolve)
}

/// Every setting of the server's configuration that the page names as the way to do something.
pub(crate) fn settings() -> impl Iterator<Item = &'static str> {
    panels::settings()
}

/// The page on which something is fixed.
const fn page_of(fix: Fix) -> &'static str {
    match fix {
        Fix::Users => "/users",
        Fix::ApiKeys => "/api-keys",
        Fix::Invitations => "/invitations",
        Fix::SecurityEvents => "/security/events",
        Fix::Encryption | Fix::Transport => "/system-health",
        Fix::Audit => "/audit/verify",
    }
}

/// The text with its first letter in upper case.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
