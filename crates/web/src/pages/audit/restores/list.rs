//! Every segment that was asked back, newest first.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{AuditRestore, RestoreState},
    rule::ReadRetention,
    time::Timestamp,
};
use bailiwick_store::{Scope, Store, audit::restore};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::history,
        cursor,
        parts::{Badge, Pager, address, counted, grouped},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/restores/list.html")]
pub(super) struct RestoresPage {
    shell: Shell,
    rows: Vec<RestoreRow>,
    pager: Pager,
}

struct RestoreRow {
    leaves: String,
    /// Its history.
    href: String,
    reason: String,
    state: Badge,
    records: String,
    /// What there is to say of the state.
    note: Option<String>,
    asked: When,
    until: When,
    end: Option<String>,
}

pub(super) async fn list(
    Access(permit): Access<ReadRetention>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<RestoresPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let page = restore::list(&mut view, before).await?;
    let now = view.now();
    let may_end = reach::opens(&visit, &permit, "/audit/restores/new");
    let row = |one: AuditRestore| {
        let stands = matches!(one.state, RestoreState::Waiting | RestoreState::Done) && now < one.expires_at;
        RestoreRow {
            leaves: format!("{} to {}", grouped(one.first_leaf), grouped(one.segment - 1)),
            href: history("audit_restore", one.id),
            state: badge(&one, now),
            note: note(&one),
            records: counted(one.records, "record"),
            asked: When::moment(one.created_at),
            until: When::moment(one.expires_at),
            end: (stands && may_end).then(|| format!("/audit/restores/{}/end", one.id)),
            reason: one.reason,
        }
    };
    let next = page.next.map(|next| address("/audit/restores", &[("before", Some(&next.to_string()))]));
    let rows: Vec<_> = page.items.into_iter().map(row).collect();
    Ok(RestoresPage {
        shell: Shell::new(&permit, &visit, "Back from the archive").under("Audit log", "/audit"),
        pager: Pager::forward(
            counted(rows.len(), "segment"),
            before.map(|_| "/audit/restores".to_owned()),
            next,
        ),
        rows,
    })
}

/// What became of it at this moment: what is over is over, whether or not the job has been there.
fn badge(one: &AuditRestore, now: Timestamp) -> Badge {
    match one.state {
        RestoreState::Failed => Badge::new("bad", "Failed"),
        RestoreState::Ended => Badge::new("mute", "Over"),
        _ if one.expires_at <= now => Badge::new("mute", "Over"),
        RestoreState::Waiting => Badge::new("info", "On its way"),
        RestoreState::Done if one.records == 0 => Badge::new("info", "Nothing had gone"),
        RestoreState::Done => Badge::new("ok", "Searchable"),
    }
}

/// Why it failed, or that there was nothing to bring back.
fn note(one: &AuditRestore) -> Option<String> {
    match one.state {
        RestoreState::Done if one.records == 0 => {
            Some("All its records were still here, where every search finds them.".to_owned())
        }
        _ => one.failure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{ids::AuditRestoreId, time::Span};

    use super::*;

    #[test]
    fn whoever_asks_for_a_segment_of_which_nothing_had_gone_is_told_so() {
        let now = Timestamp::from_micros(1);
        let one = |state, records| AuditRestore {
            id: AuditRestoreId::from_bytes([7; 16]),
            segment: 512,
            first_leaf: 0,
            state,
            asked_by: None,
            reason: "It is looked into.".into(),
            records,
            failure: None,
            created_at: now,
            finished_at: None,
            expires_at: now + Span::days(1),
        };
        for (state, records, text, said) in [
            (RestoreState::Waiting, 0, "On its way", false),
            (RestoreState::Done, 0, "Nothing had gone", true),
            (RestoreState::Done, 3, "Searchable", false),
            (RestoreState::Ended, 0, "Over", false),
        ] {
            let found = one(state, records);
            assert_eq!((badge(&found, now).text.as_str(), note(&found).is_some()), (text, said));
        }
        let failed = AuditRestore { failure: Some("It is damaged.".into()), ..one(RestoreState::Failed, 0) };
        assert_eq!(note(&failed).as_deref(), Some("It is damaged."));
    }
}
