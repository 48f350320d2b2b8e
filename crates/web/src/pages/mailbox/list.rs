//! What has arrived.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::Public;

use super::mailbox;
use crate::{
    access::Access,
    error::Result,
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "mailbox/list.html")]
pub(super) struct MailboxPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    to: String,
    subject: String,
    at: When,
}

pub(super) async fn list(
    Access(permit): Access<Public>,
    visit: Visit,
    State(app): State<AppState>,
) -> Result<MailboxPage> {
    let rows = mailbox(&app)?.messages().into_iter().map(|kept| Row {
        href: format!("/mailbox/{}", kept.number),
        to: kept.message.to.to_string(),
        subject: kept.message.content.subject.to_string(),
        at: When::moment(kept.message.at),
    });
    Ok(MailboxPage { rows: rows.collect(), shell: Shell::new(&permit, &visit, "Mailbox") })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bailiwick_mail::{LinkBase, Mailbox};
    use bailiwick_ops::mail::Mailroom;
    use bailiwick_testkit::both_databases;

    use crate::{pages::browser::Browser, state::Outgoing};

    both_databases! {
        async fn invited_person_opens_the_letter_and_follows_its_link(db: Db) {
            let acme = db.tenant("acme").await;
            Browser::of(&acme.owner()).post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let mailbox = Mailbox::default();
            let base = LinkBase::parse("https://bailiwick.test").unwrap();
            let room = Mailroom::new(db.store.clone(), db.jobs(), Arc::new(mailbox.clone()), "no-reply@bailiwick.test".parse().unwrap(), base);
            room.round().await.unwrap();
            let mut guest = Browser::keeping(&db, Outgoing::Kept(mailbox));
            let list = guest.get("/mailbox").await;
            assert!(list.status == 200 && list.shows("new@example.com") && list.shows("You are invited to acme Pty Ltd"));
            let letter = guest.get("/mailbox/1").await;
            assert!(letter.shows("\u{201c}Olive acme\u{201d} invites you") && letter.shows("https://bailiwick.test/join/"));
            assert_eq!(guest.get("/mailbox/2").await.status, 404);
            assert_eq!(guest.get("/mailbox/x").await.status, 404);
        }

        async fn no_other_server_has_a_mailbox(db: Db) {
            assert_eq!(Browser::of(&db.tenant("acme").await.owner()).get("/mailbox").await.status, 404);
        }
    }
}
