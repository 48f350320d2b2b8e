//! Removing a role, after a question that also asks what its holders get instead.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{role::CustomName, rule::DeleteRole};
use bailiwick_ops::roles::{self as operations, givable};
use bailiwick_store::{Permit, Store, roles};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Form, Id, Problem, Select},
    pages::{parts::counted, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "roles/delete.html")]
pub(super) struct DeletePage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    /// Who is concerned, one sentence each.
    effects: Vec<String>,
    /// What they get instead; nothing where nobody is concerned.
    replacement: Option<Select>,
    action: String,
    cancel: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteForm {
    #[serde(default)]
    replacement: String,
}

pub(super) async fn ask(
    Access(permit): Access<DeleteRole>,
    visit: Visit,
    State(store): State<Store>,
    Id(name): Id<CustomName>,
) -> Result<DeletePage> {
    page(&store, &permit, &visit, name).await
}

pub(super) async fn delete(
    Access(permit): Access<DeleteRole>,
    visit: Visit,
    State(store): State<Store>,
    Id(name): Id<CustomName>,
    form: Form<DeleteForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match operations::delete(&store, &permit, name, Some(&values.replacement)).await {
            Ok(()) => return Ok(SeeOther::to("/roles").tell(Message::RoleRemoved).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let mut page = page(&store, &permit, &visit, name).await?;
    page.replacement = page.replacement.map(|select| select.again(&form.typed, &refused.problems));
    page.problems = refused.problems;
    Ok((refused.status, page).into_response())
}

async fn page(
    store: &Store,
    permit: &Permit<DeleteRole>,
    visit: &Visit,
    name: CustomName,
) -> Result<DeletePage> {
    let mut view = store.read(permit).await?;
    let role = roles::find(&mut view, name).await?;
    let holders = roles::holders(&mut view, name.into()).await?;
    let given = givable(store, &mut view, *permit.permissions(), false).await?;
    let others = given.into_iter().filter(|one| one.role.custom() != Some(name) && !one.role.is_owner());
    let path = format!("/roles/{name}");
    let mut effects = Vec::new();
    for (number, noun) in
        [(holders.users, "user"), (holders.teams, "team"), (holders.invitations, "open invitation")]
    {
        if number > 0 {
            effects.push(format!("{} with this role: the other one counts at once.", counted(number, noun)));
        }
    }
    effects.push("The role's history stays in the audit log.".to_owned());
    Ok(DeletePage {
        shell: Shell::new(permit, visit, "Remove the role?")
            .under("Roles and permissions", "/roles")
            .under(role.label.clone(), path.clone()),
        problems: Vec::new(),
        title: role.label,
        effects,
        replacement: (!holders.is_none()).then(|| {
            let options = others.map(|one| Choice::new(one.role.name(), one.title));
            Select::new(
                "replacement",
                "The role that they get instead",
                [Choice::new("", "Choose one")].into_iter().chain(options),
                "",
            )
        }),
        action: format!("{path}/delete"),
        cancel: path,
    })
}
