//! One secret: its versions, by everything but their values.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{SecretStage, SecretVersion},
    ids::{SecretId, UserId},
    permission::Permission,
    rule::{ReadSecrets, Rule},
};
use bailiwick_store::{
    Permit, Store, api_keys,
    secrets::{self, Listed},
    users,
};

use super::{LIST, value};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, LocalPath, Problem, in_order},
    pages::{
        audit::history,
        parts::{Badge, counted},
        refused::Refused,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "secrets/show.html")]
pub(super) struct SecretPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: String,
    path: String,
    /// Its history; empty for whoever may not read the log.
    history: String,
    /// Where its uses stand in the log; empty for the same.
    uses_href: String,
    may_write: bool,
    versions: Vec<VersionRow>,
    staged: Option<i64>,
    uses: String,
    used: Option<Used>,
    value: Field,
}

/// A version, with what stands for its value.
struct VersionRow {
    number: i64,
    stage: Badge,
    length: &'static str,
    fingerprint: String,
    by: String,
    at: When,
}

/// How it was used last.
struct Used {
    key: String,
    version: i64,
    at: When,
}

pub(super) async fn show(
    Access(permit): Access<ReadSecrets>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
) -> Result<SecretPage> {
    read(&store, &permit, &visit, id).await
}

/// The secret as it stands, with what was refused, and nothing of what was typed.
pub(super) async fn refused_at<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    id: SecretId,
    refused: Refused,
) -> Result<Response> {
    let page = read(store, permit, visit, id).await?;
    let value = value(&refused.problems);
    let fields = [value.named()];
    let page = SecretPage { value, problems: in_order(refused.problems, &fields), ..page };
    Ok((refused.status, page).into_response())
}

async fn read<R: Rule>(store: &Store, permit: &Permit<R>, visit: &Visit, id: SecretId) -> Result<SecretPage> {
    let mut view = store.read(permit).await?;
    let Listed { secret, used } = secrets::find(&mut view, id).await?;
    let all = [(SecretStage::Staged, secret.staged.as_ref()), (SecretStage::Current, Some(&secret.current))];
    let all = all.into_iter().chain([(SecretStage::Previous, secret.previous.as_ref())]);
    let there: Vec<_> = all.filter_map(|(stage, version)| version.map(|version| (stage, version))).collect();
    let people: Vec<_> =
        there.iter().filter_map(|(_, version)| version.stored_by.map(UserId::uuid)).collect();
    let names = users::names(&mut view, &people).await?;
    let by = |version: &SecretVersion| match version.stored_by {
        Some(id) => names.get(&id.uuid()).cloned().unwrap_or_else(|| "Somebody who is gone".to_owned()),
        None => "The server".to_owned(),
    };
    let versions = there.iter().map(|(stage, version)| VersionRow {
        number: version.number,
        stage: badge(*stage),
        length: version.length.title(),
        fingerprint: version.fingerprint.clone(),
        by: by(version),
        at: When::moment(version.stored_at),
    });
    let versions = versions.collect();
    let last = match &used {
        Some(used) => {
            let key =
                api_keys::find(&mut view, used.key).await.map_or_else(|_| "A key".to_owned(), |key| key.name);
            Some(Used { key, version: used.version, at: When::moment(used.at) })
        }
        None => None,
    };
    let path = format!("{LIST}/{id}");
    let mut shell = Shell::new(permit, visit, secret.name.to_string()).under("Secrets", LIST);
    // The page also comes as the answer to a form, whose own address nobody can open.
    if shell.prove_at.is_some() {
        shell.prove_at = LocalPath::parse(&path).map(|here| here.after("/sign-in/again"));
    }
    let in_log = |kind| if permit.may(Permission::AUDIT_READ) { history(kind, id) } else { String::new() };
    Ok(SecretPage {
        shell,
        problems: Vec::new(),
        name: secret.name.to_string(),
        history: in_log("secret"),
        uses_href: if used.is_some() { in_log("secret_use") } else { String::new() },
        path,
        may_write: permit.may(Permission::SECRET_WRITE),
        versions,
        staged: secret.staged.map(|staged| staged.number),
        uses: counted(used.map_or(0, |used| used.uses), "use"),
        used: last,
        value: value(&[]),
    })
}

fn badge(stage: SecretStage) -> Badge {
    let kind = match stage {
        SecretStage::Staged => "info",
        SecretStage::Current => "ok",
        SecretStage::Previous => "mute",
    };
    Badge::new(kind, stage.title())
}
