//! The letters of the tenant, by state.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{MailFault, MailKind, MailState},
    permission::Permission,
    rule::ReadMail,
};
use bailiwick_store::mail::{self, Listed, Tally};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::history,
        cursor,
        parts::{Badge, Pager, Tab, address, counted, grouped},
    },
    shell::{Shell, Visit},
    state::{AppState, Outgoing},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    state: Option<MailState>,
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "mail/list.html")]
pub(super) struct MailPage {
    shell: Shell,
    /// Why letters wait, where it is not a matter of a single one.
    notice: Option<String>,
    tabs: Vec<Tab>,
    rows: Vec<MailRow>,
    pager: Pager,
}

struct MailRow {
    to: String,
    /// Its history; empty for whoever may not read the log.
    href: String,
    kind: &'static str,
    state: Badge,
    note: Option<&'static str>,
    attempts: i64,
    /// When it is tried again.
    next: Option<When>,
    written: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadMail>,
    visit: Visit,
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
) -> Result<MailPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = app.store.read(&permit).await?;
    let tally = mail::tally(&mut view).await?;
    let page = mail::list(&mut view, filter.state, before).await?;
    let waiting = mail::list(&mut view, Some(MailState::Waiting), None).await?;
    drop(view);
    let may_audit = permit.may(Permission::AUDIT_READ);
    let here = |state: Option<MailState>, before: Option<&str>| {
        address("/mail", &[("state", state.map(MailState::name)), ("before", before)])
    };
    let tab = |label, of: Option<MailState>, count| Tab {
        label,
        href: here(of, None),
        current: of == filter.state,
        count: grouped(count),
    };
    let total = total(&tally, filter.state);
    let next = page.next.map(|next| here(filter.state, Some(&next.to_string())));
    Ok(MailPage {
        shell: Shell::new(&permit, &visit, "Outgoing mail").under("People and access", "/users"),
        notice: notice(&app.outgoing, &waiting.items),
        tabs: vec![
            tab("All", None, tally.waiting + tally.sent + tally.given_up),
            tab("Waiting", Some(MailState::Waiting), tally.waiting),
            tab("Sent", Some(MailState::Sent), tally.sent),
            tab("Given up", Some(MailState::GivenUp), tally.given_up),
        ],
        rows: page.items.into_iter().map(|letter| row(letter, may_audit)).collect(),
        pager: Pager::forward(counted(total, "letter"), before.map(|_| here(filter.state, None)), next),
    })
}

fn row(letter: Listed, may_audit: bool) -> MailRow {
    let waits = letter.mail.state == MailState::Waiting;
    MailRow {
        href: if may_audit { history("mail", letter.mail.id) } else { String::new() },
        kind: MailKind::title(letter.mail.kind),
        state: state(&letter),
        note: letter.fault.map(|fault| fault.sentence_of(letter.mail.channel)),
        attempts: letter.attempts,
        next: (waits && letter.attempts > 0).then(|| When::moment(letter.next_attempt_at)),
        written: When::moment(letter.mail.created_at),
        to: if letter.mail.to.is_empty() { "Erased address".to_owned() } else { letter.mail.shown_to() },
    }
}

/// What became of a letter.
pub(crate) fn state(letter: &Listed) -> Badge {
    match (letter.mail.state, letter.fault) {
        (MailState::Waiting, None) => Badge::new("info", "Waiting"),
        (MailState::Waiting, Some(_)) => Badge::new("warn", "Waiting"),
        (MailState::Sent, _) => Badge::new("ok", "Sent"),
        (MailState::GivenUp, Some(MailFault::Withdrawn)) => Badge::new("mute", "Withdrawn"),
        (MailState::GivenUp, _) => Badge::new("bad", "Given up"),
    }
}

/// What keeps all letters from leaving.
fn notice(outgoing: &Outgoing, waiting: &[Listed]) -> Option<String> {
    if matches!(outgoing, Outgoing::Nowhere) {
        return Some("No mail server is set up on this server. Letters wait until one is.".to_owned());
    }
    let (fault, channel) = waiting
        .iter()
        .filter_map(|letter| Some((letter.fault?, letter.mail.channel)))
        .find(|(fault, _)| fault.is_the_servers())?;
    Some(format!("{} Letters wait and are tried again by themselves.", fault.sentence_of(channel)))
}

const fn total(tally: &Tally, state: Option<MailState>) -> i64 {
    match state {
        None => tally.waiting + tally.sent + tally.given_up,
        Some(MailState::Waiting) => tally.waiting,
        Some(MailState::Sent) => tally.sent,
        Some(MailState::GivenUp) => tally.given_up,
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_sees_that_letters_wait_and_why_and_no_link(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/mail").await.page().contains("No letters here"));
            owner.post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let page = owner.get("/mail").await.page();
            assert!(page.contains("new@example.com") && page.contains("Invitation") && page.contains("Waiting"), "{page}");
            assert!(page.contains("No mail server is set up") && !page.contains("/join/"), "{page}");
            assert!(owner.get("/mail?state=sent").await.page().contains("No letters here"));
            assert!(owner.get("/invitations").await.page().contains("Waiting"));
        }

        async fn coordinator_does_not_see_who_was_written_to(db: Db) {
            let acme = db.tenant("acme").await;
            assert_eq!(Browser::of(&acme.user(Role::SupportCoordinator).await).get("/mail").await.status, 403);
        }
    }
}
