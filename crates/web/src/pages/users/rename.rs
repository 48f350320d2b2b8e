//! Another name for somebody.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::User, ids::UserId, permission::Permission, rule::UpdateUser};
use bailiwick_ops::profile;
use bailiwick_store::{Permit, Store, users};
use serde::Deserialize;

use super::reach::{below, target};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Id, Problem, in_order},
    pages::refused::Refused,
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "users/name.html")]
pub(super) struct NamePage {
    shell: Shell,
    problems: Vec<Problem>,
    sentence: String,
    name: Field,
    action: String,
    cancel: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Renaming {
    name: String,
}

impl NamePage {
    fn new(permit: &Permit<UpdateUser>, visit: &Visit, user: &User) -> Self {
        let cancel = format!("/users/{}", user.id);
        Self {
            shell: below(permit, visit, user, "Change the name"),
            problems: Vec::new(),
            sentence: format!("Of the person with the address {}.", user.email),
            name: Field::new("name", "Name").value(user.name.clone()),
            action: format!("{cancel}/name"),
            cancel,
        }
    }
}

pub(super) async fn ask(
    Access(permit): Access<UpdateUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<NamePage> {
    let mut view = store.read(&permit).await?;
    let own = "Change your own name under your account.";
    let user = target(&store, &mut view, &permit, Permission::USER_UPDATE, id, own).await?;
    Ok(NamePage::new(&permit, &visit, &user))
}

pub(super) async fn rename(
    Access(permit): Access<UpdateUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
    form: Form<Renaming>,
) -> Result<Response> {
    let refused = match &form.values {
        Err(problems) => Refused::unread(problems.clone(), &[]),
        Ok(values) => match profile::rename(&store, &permit, id, &values.name).await {
            Ok(_) => {
                return Ok(SeeOther::to(&format!("/users/{id}")).tell(Message::UserRenamed).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let user = users::find(&mut store.read(&permit).await?, id).await?;
    let page = NamePage::new(&permit, &visit, &user);
    let name = page.name.again(&form.typed, &refused.problems);
    let problems = in_order(refused.problems, &[name.named()]);
    Ok((refused.status, NamePage { name, problems, ..page }).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_changes_a_name_and_finds_the_person_by_it(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}", acme.add(Role::Auditor).await.id);
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get(&path).await.shows(&format!("{path}/name")));
            let short = owner.post(&format!("{path}/name"), &[("name", " ")]).await;
            assert!(short.status == 422 && short.shows("href=\"#name\""));
            let done = owner.post(&format!("{path}/name"), &[("name", "Quentin Quill")]).await;
            assert_eq!(done.led(), (303, path.as_str()));
            assert!(owner.get("/users?q=quill").await.shows("Quentin Quill"));
            assert_eq!(owner.post(&format!("{path}/name"), &[("name", "Quentin Quill")]).await.status, 409);
        }

        async fn nobody_renames_themselves_here_nor_without_the_permission(db: Db) {
            let acme = db.tenant("acme").await;
            let owner = format!("/users/{}/name", acme.owner().id());
            assert_eq!(Browser::of(&acme.owner()).get(&owner).await.status, 409);
            assert_eq!(Browser::of(&acme.owner()).post(&owner, &[("name", "O")]).await.status, 409);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert_eq!(auditor.post(&owner, &[("name", "O")]).await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.post(&owner, &[("name", "O")]).await.status, 404);
        }
    }
}
