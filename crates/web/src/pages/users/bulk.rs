//! Changes of several people at once: a question with their names, and a page with what became of each.

pub(super) mod assign_role;
pub(super) mod disable;
pub(super) mod enable;
pub(super) mod end_sessions;
pub(super) mod remind;

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::{ids::UserId, permission::Permission, rule::Rule};
use bailiwick_ops::bulk::{Answered, Chosen};
use bailiwick_store::{Error as StoreError, Permit, Store, users};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    forms::Select,
    pages::parts::{self, Badge, counted},
    shell::{Message, SeeOther, Shell, Visit},
};

/// The people who were chosen in the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Picked {
    #[serde(default)]
    user: Vec<UserId>,
}

#[derive(Template, WebTemplate)]
#[template(path = "users/bulk.html")]
struct QuestionPage {
    shell: Shell,
    question: String,
    sentence: &'static str,
    people: Vec<Person>,
    danger: bool,
    action: &'static str,
    role: Option<Select>,
    button: &'static str,
}

/// Somebody who was chosen.
struct Person {
    id: UserId,
    name: String,
    address: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "users/bulk_done.html")]
struct DonePage {
    shell: Shell,
    title: &'static str,
    heading: String,
    refused: usize,
    rows: Vec<DoneRow>,
}

struct DoneRow {
    name: String,
    href: Option<String>,
    outcome: Badge,
    why: String,
}

/// What is asked before it is done.
struct Question {
    /// `Disable`, followed by how many people.
    verb: &'static str,
    sentence: &'static str,
    danger: bool,
    action: &'static str,
    role: Option<Select>,
    button: &'static str,
}

impl Question {
    /// Asks about the people who were chosen; without any, leads back to the list.
    async fn about<R: Rule>(
        self,
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        picked: Picked,
    ) -> Result<Response> {
        if picked.user.is_empty() {
            return Ok(SeeOther::to("/users").tell(Message::NobodyChosen).into_response());
        }
        let chosen =
            Chosen::of(picked.user).map_err(|_| Error::BadRequest("Choose at most 100 people at once."))?;
        let mut view = store.read(permit).await?;
        let reads = permit.may(Permission::USER_READ);
        let mut people = Vec::with_capacity(chosen.ids().len());
        for id in chosen.ids() {
            match users::find(&mut view, *id).await {
                Ok(user) => {
                    let address = if reads { user.email } else { String::new() };
                    people.push(Person { id: *id, name: user.name, address });
                }
                // Whoever is not here is not asked about; in the meantime somebody may have been deleted.
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if people.is_empty() {
            return Err(Error::NotFound);
        }
        let whom = parts::people(people.len());
        Ok(QuestionPage {
            shell: Shell::new(permit, visit, format!("{} several users?", self.verb))
                .under("Users", "/users"),
            question: format!("{} {whom}?", self.verb),
            sentence: self.sentence,
            people,
            danger: self.danger,
            action: self.action,
            role: self.role,
            button: self.button,
        }
        .into_response())
    }
}

/// What became of each of them.
async fn done<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    title: &'static str,
    answered: Vec<Answered>,
) -> Result<Response> {
    let ids: Vec<Uuid> = answered.iter().map(|one| one.user.uuid()).collect();
    let names = users::names(&mut store.read(permit).await?, &ids).await?;
    let refused = answered.iter().filter(|one| one.outcome.is_err()).count();
    let row = |one: Answered| {
        let known = names.get(&one.user.uuid());
        DoneRow {
            name: known.cloned().unwrap_or_else(|| one.user.to_string()),
            href: known.filter(|_| permit.may(Permission::USER_READ)).map(|_| format!("/users/{}", one.user)),
            outcome: match &one.outcome {
                Ok(()) => Badge::new("ok", "Done"),
                Err(_) => Badge::new("warn", "Refused"),
            },
            why: one.outcome.err().unwrap_or_default(),
        }
    };
    let all = answered.len();
    Ok(DonePage {
        shell: Shell::new(permit, visit, title).under("Users", "/users"),
        title,
        heading: match refused {
            0 => format!("{} changed.", counted(all, "user")),
            some => format!("{} changed, {some} refused.", counted(all - some, "user")),
        },
        refused,
        rows: answered.into_iter().map(row).collect(),
    }
    .into_response())
}
