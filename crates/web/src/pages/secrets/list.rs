//! The tenant's secrets by name; never their values.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::ReadSecrets, secret::SecretName};
use bailiwick_store::{
    Store,
    secrets::{self, Listed},
};
use serde::Deserialize;

use super::LIST;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Query,
    pages::parts::{Pager, address, counted},
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The last name of the page before.
    after: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "secrets/list.html")]
pub(super) struct SecretsPage {
    shell: Shell,
    may_write: bool,
    rows: Vec<SecretRow>,
    pager: Pager,
}

/// A secret in the list.
struct SecretRow {
    name: String,
    href: String,
    version: i64,
    length: &'static str,
    fingerprint: String,
    staged: Option<i64>,
    stored: When,
    used: Option<When>,
}

pub(super) async fn list(
    Access(permit): Access<ReadSecrets>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<SecretsPage> {
    let after = filter.after.as_deref().map(str::parse::<SecretName>).transpose();
    let after = after.map_err(|_| Error::BadRequest("This is not where a page of this list begins."))?;
    let mut view = store.read(&permit).await?;
    let total = secrets::count(&mut view).await?;
    let (listed, next) = secrets::list(&mut view, after.as_ref()).await?;
    Ok(SecretsPage {
        shell: Shell::new(&permit, &visit, "Secrets"),
        may_write: permit.may(Permission::SECRET_WRITE),
        rows: listed.into_iter().map(row).collect(),
        pager: Pager::forward(
            counted(total, "secret"),
            after.map(|_| LIST.to_owned()),
            next.map(|next| address(LIST, &[("after", Some(next.as_str()))])),
        ),
    })
}

fn row(Listed { secret, used }: Listed) -> SecretRow {
    SecretRow {
        href: format!("{LIST}/{}", secret.id),
        name: secret.name.to_string(),
        version: secret.current.number,
        length: secret.current.length.title(),
        fingerprint: secret.current.fingerprint,
        staged: secret.staged.map(|staged| staged.number),
        stored: When::moment(secret.current.stored_at),
        used: used.map(|used| When::moment(used.at)),
    }
}
