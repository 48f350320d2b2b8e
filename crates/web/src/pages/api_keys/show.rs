//! One key: what it is, how it is used, and how far its callers have moved to the one in its place.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::KeyEnvironment,
    ids::{ApiKeyId, UserId},
    permission::{Permission, PermissionSet},
    rule::ReadApiKeys,
    time::Timestamp,
};
use bailiwick_ops::api_keys::{self, Movement, Moving};
use bailiwick_store::{
    Scope, Store,
    key_uses::{self, Caller},
    users,
};

use super::list::{Used, badge};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::Badge,
        unused::{LineRow, measured, recorded, row},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "api_keys/show.html")]
pub(super) struct ApiKeyPage {
    shell: Shell,
    name: String,
    prefix: String,
    status: Badge,
    test: bool,
    networks: Vec<String>,
    owner: String,
    created_by: String,
    created: When,
    expires: Option<When>,
    revoked: Option<When>,
    used: Option<Used>,
    callers: Vec<CallerRow>,
    moving: Option<MovingPart>,
    /// The key whose place it takes.
    replaces: Option<String>,
    scopes: Vec<LineRow>,
    recorded: String,
    /// Where its unused scopes are taken away; nothing where there are none.
    narrow: Option<String>,
    rotate: Option<String>,
    revoke: Option<String>,
    history: Option<String>,
}

/// Who uses the key.
struct CallerRow {
    address: String,
    agent: &'static str,
    first: When,
    last: When,
}

/// How far its callers have moved.
struct MovingPart {
    to: String,
    prefix: String,
    verdict: Badge,
    sentence: &'static str,
    callers: Vec<MovingRow>,
}

struct MovingRow {
    address: String,
    agent: &'static str,
    with_old: When,
    with_new: Option<When>,
    moved: bool,
}

pub(super) async fn show(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
) -> Result<ApiKeyPage> {
    let found = api_keys::uses(&store, &permit, id, measured(&visit)).await?;
    let key = found.key;
    let movement = api_keys::movement(&store, &permit, &key).await?;
    let mut view = store.read(&permit).await?;
    let now = view.now();
    let ids: Vec<_> = key.owner.into_iter().chain(key.created_by).map(UserId::uuid).collect();
    let names = users::names(&mut view, &ids).await?;
    let name = |user: Option<UserId>| match user {
        Some(user) => names.get(&user.uuid()).cloned().unwrap_or_else(|| "Somebody".to_owned()),
        None => "The server".to_owned(),
    };
    let works = key.status(now).works();
    let may_rotate = permit.may(Permission::API_KEY_ROTATE);
    let scopes: Vec<_> =
        found.lines.iter().map(|line| row(store.catalogue(), line, PermissionSet::empty())).collect();
    let unused = scopes.iter().filter(|line| line.unused).count();
    let narrows = works && may_rotate && unused > 0 && unused < key.scopes.len();
    let replaced = key.rotating && movement.is_some();
    let used = key_uses::last(&mut view, id).await?;
    let callers = key_uses::callers(&mut view, id).await?;
    let at = |to: &str| format!("/api-keys/{id}/{to}");
    Ok(ApiKeyPage {
        shell: Shell::new(&permit, &visit, "API key").under("API keys", "/api-keys"),
        status: badge(&key, now),
        test: key.environment == KeyEnvironment::Test,
        networks: key.networks.texts(),
        owner: name(key.owner),
        created_by: name(key.created_by),
        created: When::moment(key.created_at),
        expires: key.expires_at.map(When::moment),
        revoked: key.revoked_at.map(When::moment),
        used: used.map(|used| Used::of(used, now)),
        callers: callers.into_iter().map(|caller| caller_row(caller, now)).collect(),
        moving: movement.map(|movement| moving(movement, now)),
        replaces: key.replaces.map(|old| format!("/api-keys/{old}")),
        recorded: recorded(found.recording, now),
        scopes,
        narrow: narrows.then(|| at("narrow")),
        rotate: (works && may_rotate && !replaced).then(|| at("rotate")),
        revoke: (permit.may(Permission::API_KEY_REVOKE) && key.revoked_at.is_none()).then(|| at("revoke")),
        history: permit.may(Permission::AUDIT_READ).then(|| history("api_key", id)),
        name: key.name,
        prefix: key.prefix,
    })
}

fn caller_row(caller: Caller, now: Timestamp) -> CallerRow {
    CallerRow {
        address: known(caller.address),
        agent: caller.agent.name(),
        first: When::day(caller.first_seen_at),
        last: When::ago(caller.last_seen_at, now),
    }
}

fn moving(movement: Movement, now: Timestamp) -> MovingPart {
    let sentence = if movement.incomplete {
        "More callers used this key than are kept, so nobody can say that all have moved: it works until its end."
    } else if movement.callers.is_empty() {
        "Nobody used this key in the thirty days before. It is retired once the new key is in use."
    } else if movement.complete {
        "Everybody who used it lately was seen with the new key. It is retired within a minute."
    } else {
        "It is retired once everybody below was seen with the new key, and with this one no more for an hour."
    };
    let row = |moving: Moving| MovingRow {
        address: known(moving.address),
        agent: moving.agent.name(),
        with_old: When::ago(moving.with_old, now),
        with_new: moving.with_new.map(|at| When::ago(at, now)),
        moved: moving.moved,
    };
    MovingPart {
        to: format!("/api-keys/{}", movement.to.id),
        prefix: movement.to.prefix,
        verdict: if movement.complete {
            Badge::new("ok", "All have moved")
        } else {
            Badge::new("warn", "Not all have moved")
        },
        sentence,
        callers: movement.callers.into_iter().map(row).collect(),
    }
}

fn known(address: String) -> String {
    if address.is_empty() { "Not known".to_owned() } else { address }
}
