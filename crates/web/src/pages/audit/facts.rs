//! What else is known of a record: where it came from and by which means, each with the search for what else has the same.

use std::net::IpAddr;

use bailiwick_store::audit::EventPage;
use serde_json::Value;
use uuid::Uuid;

use super::{
    difference,
    record::{Actor, Record},
    words,
};

/// One fact.
pub(super) struct Detail {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) code: bool,
    /// A search for what else has it.
    pub(super) more: Option<String>,
}

/// Where the request came from, and searches for what else has the same address, session, actor, thing or request. The address is
/// personal: it is shown here, where whoever asks may read the log, and nowhere else. Its search is led by its `tag`, so that it
/// stands in no address of a page.
pub(super) fn facts(record: &Record, page: &EventPage, tag: impl Fn(IpAddr) -> String) -> Vec<Detail> {
    let detail = |label, text: String, code| Detail { label, text, code, more: None };
    let found = |label, id: Uuid, more: String| Detail {
        label,
        text: id.to_string(),
        code: true,
        more: Some(format!("/audit?q={more}")),
    };
    let address =
        difference::commitment(&record.source.ip).map(|commitment| match page.personal.get(commitment) {
            Some(Value::String(address)) => Detail {
                label: "Address",
                text: format!("{address} (personal, sealed apart)"),
                code: false,
                more: address.parse::<IpAddr>().ok().map(|ip| format!("/audit?q=source:{}", tag(ip))),
            },
            _ => detail("Address", format!("destroyed; commitment {commitment}"), true),
        });
    let mut facts = vec![detail("Came from", words::of_kind(&record.source.agent), false)];
    facts.extend(address);
    let (actor, entity) = (&record.actor, &record.entity);
    facts.extend(actor.credential.map(|id| {
        // A key that acts for itself is found as the actor.
        let key = if actor.id == Some(id) { "actor" } else { "session" };
        found(by_what(actor), id, format!("{key}:{id}"))
    }));
    facts.extend(actor.id.map(|id| found("Actor id", id, format!("actor:{id}"))));
    facts.push(found("Entity id", entity.id, format!("entity:{}/{}", entity.kind, entity.id)));
    facts.extend(record.request.map(|id| found("Request", id, format!("request:{id}"))));
    facts
}

/// What the credential of an actor is: people act in sessions; programs with keys, also in the name of the product's own people.
fn by_what(actor: &Actor) -> &'static str {
    if actor.auth == "api_key" { "Key" } else { "Session" }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::Invite};
    use bailiwick_ops::invitations::{self, NewInvitation};
    use bailiwick_testkit::both_databases;

    use super::*;
    use crate::pages::browser::{Browser, href};

    #[test]
    fn responder_reads_whether_somebody_acted_in_a_session_or_with_a_key() {
        for (kind, auth, word) in [
            ("user", "password_totp", "Session"),
            ("operator", "session", "Session"),
            ("api_key", "api_key", "Key"),
            ("product", "api_key", "Key"),
        ] {
            let actor =
                Actor { kind: kind.into(), id: None, named: None, auth: auth.into(), credential: None };
            assert_eq!(by_what(&actor), word, "{kind}");
        }
    }

    both_databases! {
        async fn responder_goes_from_an_address_to_what_else_came_from_there(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let new = NewInvitation { email: "new@example.com".into(), role: "auditor".into(), expires_at: None };
            invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
            db.sign().await;
            let list = auditor.get("/audit?action=user.invited").await.page();
            let path = href(&list, "/audit/events/", "").to_owned();
            let event = auditor.get(&path).await.page();
            assert!(event.contains("<dt>Session</dt>") && !event.contains("Credential"), "{event}");
            let link = href(&event, "/audit?q=source:", "");
            assert!(!link.contains('.'), "the tag, and not the address: {link}");
            let found = auditor.get(link).await.page();
            assert!(found.contains(&path), "{link}: {found}");
            let elsewhere = auditor.get("/audit?q=source:198.51.100.99").await;
            assert!(elsewhere.shows("No record matches"), "{}", elsewhere.body);
        }
    }
}
