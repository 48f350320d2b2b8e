//! How much of each kind is kept of a person.

use std::collections::HashMap;

use bailiwick_domain::subject::Kind;

use super::{Called, Subject, exports, searches};
use crate::{
    Result,
    audit::search::{Sought, count_up_to},
    conn::on,
    lock::row,
    tx::Scope,
    users::THEIRS,
};

/// Records of the log are counted up to here.
pub const CAP: i64 = 100_000;

/// How many there are of each kind, in the order of the kinds; those of which there are none are left out.
pub async fn counts(scope: &mut impl Scope, subject: &Subject) -> Result<Vec<(Kind, i64)>> {
    let tenant = scope.tenant().uuid();
    let mut counts: HashMap<Kind, i64> = HashMap::new();
    let mut add = |kind: Kind, number: i64| {
        if number > 0 {
            *counts.entry(kind).or_default() += number;
        }
    };
    if subject.user.is_some() {
        add(Kind::Account, 1);
        for (kind, text, _) in THEIRS {
            let number: i64 = on!(scope, |c| sqlx::query_scalar(*text)
                .bind(tenant)
                .bind(subject.person)
                .fetch_one(c)
                .await)?;
            add(*kind, number);
        }
    }
    if subject.user.is_none() {
        // Of somebody of the product, by what stands for them.
        for (kind, text) in [
            (Kind::Habits, "SELECT count(*) FROM audit_habit WHERE tenant = $1 AND actor = $2"),
            (Kind::Anomalies, "SELECT count(*) FROM audit_anomaly WHERE tenant = $1 AND actor = $2"),
        ] {
            add(kind, one(row!(scope, text, tenant, subject.person)?));
        }
    }
    for key in &subject.keys {
        let values: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM audit_personal WHERE tenant = $1 AND subject = $2",
            tenant,
            *key
        )?;
        add(Kind::LogValues, one(values));
    }
    let named = Sought::default().of_person(scope, subject.person).await?;
    add(Kind::LogRecords, count_up_to(scope, &named, CAP).await?);
    let keys: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM api_key WHERE tenant = $1 AND created_by = $2",
        tenant,
        subject.person
    )?;
    add(Kind::ApiKeys, one(keys));
    let written: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM invitation WHERE tenant = $1 AND invited_by = $2",
        tenant,
        subject.person
    )?;
    add(Kind::InvitationsWritten, one(written));
    let called = Called::of(subject);
    add(Kind::SearchesAbout, many(searches(scope, called).await?.len()));
    add(Kind::ExportsAbout, many(exports(scope, called).await?.len()));
    if let Some(address) = subject.address.as_deref() {
        let tag = scope.shared().keys.directory.address_tag(address);
        let invitations: Option<(i64,)> =
            row!(scope, "SELECT count(*) FROM invitation WHERE tenant = $1 AND email = $2", tenant, address)?;
        add(Kind::Invitations, one(invitations));
        let letters: Option<(i64,)> = row!(
            scope,
            // The last letter to somebody who was deleted carries their address for as long as it waits, and loses it by itself.
            "SELECT count(*) FROM mail WHERE tenant = $1 AND recipient_tag = $2 AND kind <> 'account_deleted'",
            tenant,
            &tag[..]
        )?;
        add(Kind::Letters, one(letters));
        let directory: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM directory_address WHERE tenant = $1 AND tag = $2",
            tenant,
            &tag[..]
        )?;
        add(Kind::Directory, one(directory));
        let requests: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM subject_request WHERE tenant = $1 AND address = $2",
            tenant,
            address
        )?;
        add(Kind::Requests, one(requests));
    }
    Ok(Kind::ALL.iter().filter_map(|kind| counts.get(kind).map(|number| (*kind, *number))).collect())
}

fn many(found: usize) -> i64 {
    i64::try_from(found).unwrap_or(i64::MAX)
}

fn one(found: Option<(i64,)>) -> i64 {
    found.map_or(0, |(number,)| number)
}
