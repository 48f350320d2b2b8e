//! What is kept of a person, to be read by whoever may: one line for each row, in the same three columns whatever the table.

use bailiwick_domain::{ids::UserId, subject::Kind, time::Timestamp};
use serde::Serialize;

use super::{Called, Subject, exports, searches};
use crate::{Result, lock::rows, phones, tx::Scope};

/// Lines of one kind at most; their number is counted apart.
pub const MOST: usize = 1_000;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Of which kind.
    pub kind: Kind,
    /// What it says.
    pub value: String,
    /// What it says besides; may be empty.
    pub detail: String,
    /// Its time; nothing where it has none.
    pub at: Option<Timestamp>,
}

/// By the person's id: what it says, what it says besides, its time. No hash, tag or secret.
const BY_PERSON: [(Kind, &str); 21] = [
    (
        Kind::SearchWords,
        "SELECT word, '', CAST(0 AS bigint) FROM user_word WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Password,
        "SELECT 'Changed', '', changed_at FROM password WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Authenticators,
        "SELECT name, kind || ', ' || state, created_at FROM factor WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Passkeys,
        "SELECT name, transports, created_at FROM passkey WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::RecoveryCodes,
        "SELECT 'Made', CASE WHEN used_at IS NULL THEN 'not used' ELSE 'used' END, made_at FROM recovery_code WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Links,
        "SELECT 'Link for a first password', '', created_at FROM enrolment WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Links,
        "SELECT 'Link for a forgotten password', '', created_at FROM password_reset WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Links,
        "SELECT 'Registration of a passkey', '', created_at FROM webauthn_ceremony WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Sessions,
        "SELECT browser || ', ' || system, place || ', ' || method, created_at FROM session WHERE tenant = $1 AND user_id = $2 ORDER BY created_at DESC LIMIT 1000",
    ),
    (
        Kind::KnownDevices,
        "SELECT browser || ', ' || system, '', created_at FROM known_device WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::SignInAttempts,
        "SELECT factor, outcome, at FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 ORDER BY at DESC LIMIT 1000",
    ),
    (
        Kind::SignInAttempts,
        "SELECT factor, 'turned away', hour FROM sign_in_tally WHERE tenant = $1 AND user_id = $2 ORDER BY hour DESC LIMIT 1000",
    ),
    (
        Kind::Codes,
        "SELECT action, '', created_at FROM step_up WHERE tenant = $1 AND user_id = $2 ORDER BY created_at DESC LIMIT 1000",
    ),
    (
        Kind::Grants,
        "SELECT permission, effect || ': ' || reason, created_at FROM user_grant WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Teams,
        "SELECT t.name, '', m.created_at FROM team_member m JOIN team t ON t.tenant = m.tenant AND t.id = m.team WHERE m.tenant = $1 AND m.user_id = $2 LIMIT 1000",
    ),
    (
        Kind::PermissionUses,
        "SELECT permission, '', last_used_on FROM permission_use WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::SavedSearches,
        "SELECT name, query, created_at FROM saved_search WHERE tenant = $1 AND user_id = $2 LIMIT 1000",
    ),
    (
        Kind::Habits,
        "SELECT 'Learnt from the log', habit, CAST(0 AS bigint) FROM audit_habit WHERE tenant = $1 AND (user_id = $2 OR actor = $2) LIMIT 1000",
    ),
    (
        Kind::Anomalies,
        "SELECT what, kind, at FROM audit_anomaly WHERE tenant = $1 AND (user_id = $2 OR actor = $2) ORDER BY at DESC LIMIT 1000",
    ),
    (
        Kind::ApiKeys,
        "SELECT name, prefix, created_at FROM api_key WHERE tenant = $1 AND created_by = $2 ORDER BY created_at DESC LIMIT 1000",
    ),
    (
        Kind::InvitationsWritten,
        "SELECT role, state, created_at FROM invitation WHERE tenant = $1 AND invited_by = $2 ORDER BY created_at DESC LIMIT 1000",
    ),
];

/// What is kept of a person beside the log, up to [`MOST`] lines of each kind and table.
pub async fn lines(scope: &mut impl Scope, subject: &Subject) -> Result<Vec<Line>> {
    let tenant = scope.tenant().uuid();
    let mut lines = account(subject);
    if subject.user.is_some() {
        lines.extend(numbers(scope, subject.person.into()).await?);
    }
    for (kind, text) in BY_PERSON {
        let found: Vec<(String, String, i64)> = rows!(scope, text, tenant, subject.person)?;
        lines.extend(found.into_iter().map(|row| line(kind, row)));
    }
    if let Some(address) = subject.address.as_deref() {
        let tag = scope.shared().keys.directory.address_tag(address);
        let invitations: Vec<(String, String, i64)> = rows!(
            scope,
            "SELECT role, state, created_at FROM invitation WHERE tenant = $1 AND email = $2 ORDER BY created_at DESC LIMIT 1000",
            tenant,
            address
        )?;
        lines.extend(invitations.into_iter().map(|row| line(Kind::Invitations, row)));
        let letters: Vec<(String, String, i64)> = rows!(
            scope,
            "SELECT kind, state, created_at FROM mail WHERE tenant = $1 AND recipient_tag = $2 AND kind <> 'account_deleted' ORDER BY created_at DESC LIMIT 1000",
            tenant,
            &tag[..]
        )?;
        lines.extend(letters.into_iter().map(|row| line(Kind::Letters, row)));
    }
    let called = Called::of(subject);
    lines.extend(searches(scope, called).await?.into_iter().take(MOST).map(|search| Line {
        kind: Kind::SearchesAbout,
        value: search.name,
        detail: search.query,
        at: Some(search.created_at),
    }));
    lines.extend(exports(scope, called).await?.into_iter().take(MOST).map(|export| Line {
        kind: Kind::ExportsAbout,
        value: export.selection,
        detail: export.state.name().to_owned(),
        at: Some(export.created_at),
    }));
    Ok(lines)
}

fn account(subject: &Subject) -> Vec<Line> {
    let said = |value: &str, detail: &str, at| Line {
        kind: Kind::Account,
        value: value.to_owned(),
        detail: detail.to_owned(),
        at,
    };
    let Some(user) = &subject.user else {
        return subject.address.iter().map(|address| said(address, "address", None)).collect();
    };
    let zone = user.time_zone.as_ref().map(|zone| said(&zone.to_string(), "time zone", None));
    let rest = [
        said(&user.name, "name", Some(user.created_at)),
        said(&user.email, "address", None),
        said(&user.role.to_string(), "role", None),
    ];
    rest.into_iter().chain(zone).collect()
}

/// Phone numbers, which lie sealed.
async fn numbers(scope: &mut impl Scope, user: UserId) -> Result<Vec<Line>> {
    let said = |value: String, detail: &str, at| Line {
        kind: Kind::Phones,
        value,
        detail: detail.to_owned(),
        at: Some(at),
    };
    let proven = phones::of_user(scope, user).await?;
    let waits = phones::check_of(scope, user).await?;
    Ok(proven
        .map(|phone| said(phone.number, "proven", phone.verified_at))
        .into_iter()
        .chain(waits.map(|check| said(check.number, "not proven", check.created_at)))
        .collect())
}

fn line(kind: Kind, (value, detail, at): (String, String, i64)) -> Line {
    Line { kind, value, detail, at: (at > 0).then(|| Timestamp::from_micros(at)) }
}
