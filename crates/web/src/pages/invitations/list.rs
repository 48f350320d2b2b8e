//! The invitations of the tenant, by status.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{Invitation, InvitationStatus},
    ids::UserId,
    permission::Permission,
    rule::ReadInvitations,
    time::Timestamp,
};
use bailiwick_store::{Scope, Store, invitations, mail, users};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::history,
        cursor,
        mail::state,
        parts::{Badge, Pager, Tab, address, counted, grouped},
        titles::Titles,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    status: Option<InvitationStatus>,
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "invitations/list.html")]
pub(super) struct InvitationsPage {
    shell: Shell,
    may_invite: bool,
    tabs: Vec<Tab>,
    rows: Vec<InvitationRow>,
    pager: Pager,
}

/// An invitation as lists show it.
struct InvitationRow {
    address: String,
    role: String,
    invited_by: String,
    expires: When,
    status: Badge,
    /// Its history; empty for whoever may not read the log.
    href: String,
    /// What became of its newest letter.
    letter: Badge,
    resend: Option<String>,
    revoke: Option<String>,
}

pub(super) async fn list(
    Access(permit): Access<ReadInvitations>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<InvitationsPage> {
    let status = filter.status.unwrap_or(InvitationStatus::Pending);
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let tally = invitations::tally(&mut view).await?;
    let page = invitations::list_of(&mut view, status, before).await?;
    let inviters: Vec<_> = page.items.iter().filter_map(|row| row.invited_by.map(UserId::uuid)).collect();
    let names = users::names(&mut view, &inviters).await?;
    let mut letters = Vec::with_capacity(page.items.len());
    for invitation in &page.items {
        letters.push(mail::newest_about(&mut view, invitation.id.uuid()).await?);
    }
    let titles = Titles::read(&mut view).await?;
    let now = view.now();
    let may = |permission| permit.may(permission);
    let (may_revoke, may_resend) = (may(Permission::INVITATION_REVOKE), may(Permission::INVITATION_RESEND));
    let may_audit = may(Permission::AUDIT_READ);
    let row = |(invitation, letter): (Invitation, Option<mail::Listed>)| {
        let by = invitation
            .invited_by
            .map(|id| names.get(&id.uuid()).cloned().unwrap_or_else(|| "Somebody".to_owned()));
        let open = matches!(invitation.status(now), InvitationStatus::Pending | InvitationStatus::Expired);
        InvitationRow {
            status: badge(&invitation, now),
            role: titles.of(invitation.role),
            invited_by: by.unwrap_or_else(|| "The server".to_owned()),
            expires: When::day(invitation.expires_at),
            href: if may_audit { history("invitation", invitation.id) } else { String::new() },
            letter: letter.map_or_else(|| Badge::new("mute", "None"), |letter| state(&letter)),
            resend: (open && may_resend).then(|| format!("/invitations/{}/resend", invitation.id)),
            revoke: (open && may_revoke).then(|| format!("/invitations/{}/revoke", invitation.id)),
            address: invitation.email,
        }
    };
    let here = |status: InvitationStatus, before: Option<&str>| {
        let status = (status != InvitationStatus::Pending).then(|| status.name());
        address("/invitations", &[("status", status), ("before", before)])
    };
    let tab = |label, of: InvitationStatus, count| Tab {
        label,
        href: here(of, None),
        current: of == status,
        count: grouped(count),
    };
    let (next, total) = (page.next.map(|next| here(status, Some(&next.to_string()))), total(&tally, status));
    Ok(InvitationsPage {
        shell: Shell::new(&permit, &visit, "Invitations").under("People and access", "/users"),
        may_invite: permit.may(Permission::INVITATION_CREATE),
        tabs: vec![
            tab("Pending", InvitationStatus::Pending, tally.pending),
            tab("Accepted", InvitationStatus::Accepted, tally.accepted),
            tab("Declined", InvitationStatus::Declined, tally.declined),
            tab("Expired", InvitationStatus::Expired, tally.expired),
            tab("Revoked", InvitationStatus::Revoked, tally.revoked),
        ],
        rows: page.items.into_iter().zip(letters).map(row).collect(),
        pager: Pager::forward(counted(total, "invitation"), before.map(|_| here(status, None)), next),
    })
}

const fn total(tally: &invitations::Tally, status: InvitationStatus) -> i64 {
    match status {
        InvitationStatus::Pending => tally.pending,
        InvitationStatus::Accepted => tally.accepted,
        InvitationStatus::Declined => tally.declined,
        InvitationStatus::Expired => tally.expired,
        InvitationStatus::Revoked => tally.revoked,
    }
}

/// What an invitation is at `now`.
pub(crate) fn badge(invitation: &Invitation, now: Timestamp) -> Badge {
    match invitation.status(now) {
        InvitationStatus::Pending => Badge::new("warn", "Pending"),
        InvitationStatus::Accepted => Badge::new("ok", "Accepted"),
        InvitationStatus::Declined => Badge::new("mute", "Declined"),
        InvitationStatus::Expired => Badge::new("mute", "Expired"),
        InvitationStatus::Revoked => Badge::new("mute", "Revoked"),
    }
}
