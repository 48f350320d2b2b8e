//! The tree of keys: root key, versions of the organisation's key, what each protects.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{DestructionState, KeySchedule, RootMoveState},
    ids::TenantId,
    rule::ReadKeys,
    time::Span,
};
use bailiwick_store::{
    Store,
    keys::{self, Destruction, Move, Protected, Version},
};

use crate::{
    access::Access,
    error::Result,
    pages::{
        audit::history,
        parts::{Badge, counted, grouped},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "keys/show.html")]
pub(super) struct KeysPage {
    shell: Shell,
    may_rotate: bool,
    may_schedule: bool,
    schedule: String,
    /// When it is due next; nothing where only people rotate it.
    next: Option<When>,
    overdue: bool,
    /// What is still under older versions.
    behind: Option<String>,
    /// Since when the holder of the root key does not answer.
    away: Option<When>,
    root_move: Option<MovePanel>,
    roots: Vec<Root>,
    destructions: Vec<DestructionRow>,
    history: Option<String>,
}

/// How far a move of the root key has come.
struct MovePanel {
    state: Badge,
    from: String,
    to: String,
    begun: When,
    looked: When,
    /// Of this organisation.
    own: String,
    /// Of all of them, for the platform's people.
    all: Option<String>,
    trouble: Option<String>,
    /// Whether the old root key may go, for the platform's people.
    may_go: bool,
    history: Option<String>,
}

/// A root key with what it wraps.
struct Root {
    name: String,
    versions: Vec<VersionRow>,
}

struct VersionRow {
    number: i64,
    status: Badge,
    made: When,
    protects: Vec<String>,
    destroy: Option<String>,
}

struct DestructionRow {
    version: i64,
    state: Badge,
    reason: String,
    at: When,
    cancel: Option<String>,
    certificate: Option<String>,
    href: String,
}

pub(super) async fn show(
    Access(permit): Access<ReadKeys>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<KeysPage> {
    let mut view = store.read(&permit).await?;
    let versions = keys::versions(&mut view).await?;
    let protects = keys::protects(&mut view).await?;
    let KeySchedule { days, .. } = keys::schedule(&mut view).await?;
    let destructions = keys::destructions(&mut view).await?;
    let newest = versions.first().map(|version| (version.key.version, version.created_at));
    let next = newest.zip(days).map(|((_, made), days)| made + Span::days(days));
    let behind: i64 = protects
        .iter()
        .filter(|(version, _)| newest.is_none_or(|(newest, _)| **version != newest))
        .flat_map(|(_, kinds)| kinds.values())
        .sum();
    drop(view);
    let root_move = keys::newest_move(&store).await?;
    let several = keys::roots(&store).len() > 1;
    let root_move = root_move
        .filter(|found| found.root_move.state == RootMoveState::Moving || several)
        .map(|found| move_panel(&found, &versions, permit.tenant()));
    let may_destroy = reach::opens(&visit, &permit, "/keys/versions/{version}/destroy");
    let may_cancel = reach::opens(&visit, &permit, "/keys/destructions/{destruction}/cancel");
    let nothing = Protected::new();
    let mut roots: Vec<Root> = Vec::new();
    for version in &versions {
        let number = version.key.version;
        let protected = protects.get(&number).unwrap_or(&nothing);
        let waits = destructions.iter().any(|found| {
            found.destruction.version == number && found.destruction.state == DestructionState::Waiting
        });
        let is_newest = newest.is_some_and(|(newest, _)| newest == number);
        let free = may_destroy && !is_newest && !waits && protected.is_empty();
        let row = row(version, protected, is_newest, waits, free);
        match roots.iter_mut().find(|root| root.name == version.key.root_key) {
            Some(root) => root.versions.push(row),
            None => roots.push(Root { name: version.key.root_key.clone(), versions: vec![row] }),
        }
    }
    Ok(KeysPage {
        shell: Shell::new(&permit, &visit, "Encryption keys"),
        may_rotate: reach::opens(&visit, &permit, "/keys/rotate"),
        may_schedule: reach::opens(&visit, &permit, "/keys/schedule"),
        schedule: days
            .map_or_else(|| "by hand only".to_owned(), |days| format!("every {}", counted(days, "day"))),
        overdue: next.is_some_and(|next| next < store.now()),
        next: next.map(When::moment),
        behind: (behind > 0).then(|| counted(behind, "sealed value")),
        away: keys::away_since(&store).map(When::moment),
        root_move,
        roots,
        destructions: destructions.iter().map(|found| destruction(found, may_cancel)).collect(),
        history: permit.tenant().map(|tenant| history("key_schedule", tenant)),
    })
}

fn row(version: &Version, protected: &Protected, newest: bool, waits: bool, free: bool) -> VersionRow {
    let number = version.key.version;
    let status = match (newest, waits) {
        (true, _) => Badge::new("ok", "Seals and opens"),
        (false, true) => Badge::new("bad", "To be destroyed"),
        (false, false) if protected.is_empty() => Badge::new("mute", "Protects nothing"),
        (false, false) => Badge::new("info", "Opens"),
    };
    VersionRow {
        number,
        status,
        made: When::moment(version.created_at),
        protects: protected
            .iter()
            .map(|(kind, count)| format!("{}: {}", called(kind), grouped(*count)))
            .collect(),
        destroy: free.then(|| format!("/keys/versions/{number}/destroy")),
    }
}

/// What people call a kind of sealed thing.
fn called(kind: &str) -> String {
    match kind {
        "subject_key" => "Keys of persons".to_owned(),
        "factor" => "Authenticator secrets".to_owned(),
        "passkey" => "Passkeys".to_owned(),
        "webauthn_ceremony" => "Passkeys being registered".to_owned(),
        "phone" => "Phone numbers".to_owned(),
        "phone_check" => "Phone numbers being proven".to_owned(),
        "mail" => "Letters".to_owned(),
        "audit_stream" => "Places of streams".to_owned(),
        "audit_stream_secret" => "Signing secrets of streams".to_owned(),
        "secret_version" => "Versions of stored secrets".to_owned(),
        "integration" => "Configurations of integrations".to_owned(),
        "kept_answer" => "Answers kept for a day".to_owned(),
        other => other.replace('_', " "),
    }
}

fn move_panel(found: &Move, versions: &[Version], reader: Option<TenantId>) -> MovePanel {
    let it = &found.root_move;
    let state = match (it.state, &it.trouble) {
        (RootMoveState::Moving, None) => Badge::new("warn", "Moving"),
        (RootMoveState::Moving, Some(_)) => Badge::new("bad", "Does not go on"),
        (RootMoveState::Finished, _) => Badge::new("ok", "Finished"),
        (RootMoveState::Replaced, _) => Badge::new("mute", "Given up"),
    };
    let done = versions.iter().filter(|version| version.key.root_key == it.to).count();
    let platform = reader == Some(found.tenant);
    let all = || {
        let (moved, total) = (grouped(found.moved), grouped(found.moved.saturating_add(found.waiting)));
        match it.state {
            RootMoveState::Moving => format!("{moved} of {total}, {} in a minute", grouped(found.per_minute)),
            _ => format!("{moved} of {total}"),
        }
    };
    MovePanel {
        state,
        from: it.from.clone(),
        to: it.to.clone(),
        begun: When::moment(found.begun_at),
        looked: When::moment(found.looked_at),
        own: format!("{done} of {}", counted(i64::try_from(versions.len()).unwrap_or(i64::MAX), "version")),
        all: platform.then(all),
        trouble: it.trouble.clone().filter(|_| platform),
        may_go: platform && it.state == RootMoveState::Finished,
        history: platform.then(|| history("root_move", it.id)),
    }
}

fn destruction(found: &Destruction, may_cancel: bool) -> DestructionRow {
    let it = &found.destruction;
    let (state, at) = match it.state {
        DestructionState::Waiting => (Badge::new("warn", "Waits until"), found.due_at),
        DestructionState::Cancelled => {
            (Badge::new("mute", "Called off"), found.settled_at.unwrap_or(found.due_at))
        }
        DestructionState::Done => (Badge::new("bad", "Destroyed"), found.settled_at.unwrap_or(found.due_at)),
    };
    let waiting = it.state == DestructionState::Waiting;
    let done = it.state == DestructionState::Done;
    DestructionRow {
        version: it.version,
        state,
        reason: it.reason.clone(),
        at: When::moment(at),
        cancel: (waiting && may_cancel).then(|| format!("/keys/destructions/{}/cancel", it.id)),
        certificate: done.then(|| format!("/keys/destructions/{}/certificate", it.id)),
        href: history("key_destruction", it.id),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_ops::keys::{Mover, NewMove, begin_root_move};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn platform_sees_how_far_another_root_key_is_and_customers_see_their_own(db: Db) {
            let (platform, acme) = (db.platform().await, db.tenant("acme").await);
            let next = db.next_root();
            let (store, jobs) = db.another_over(&[db.root(), next.clone()]).await;
            let new = NewMove {
                to: next.key_id().as_str().to_owned(),
                weaker: false,
                allowed: false,
                reason: "A service holds it now.".into(),
            };
            assert!(!Browser::of(&acme.owner()).get("/keys").await.shows("Another root key"));
            begin_root_move(&store, &jobs, new).await.unwrap();
            let page = Browser::of(&platform.owner()).get("/keys").await;
            assert!(page.shows("Another root key") && page.shows("0 of 2, 0 in a minute"), "{}", page.body);
            assert!(page.shows("0 of 1 version") && page.body.contains("/audit/entities/root_move/"), "{}", page.body);
            Mover::new(store, jobs).round(false, &|| false).await.unwrap();
            let mut owner = Browser::of(&acme.owner());
            let page = owner.get("/keys").await;
            assert!(page.shows("1 of 1 version") && page.shows(next.key_id().as_str()), "{}", page.body);
            assert!(!page.shows("Of all keys") && !page.body.contains("root_move"), "{}", page.body);
        }
    }
}
