//! Inviting many at once, from pasted addresses.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::Invite, time::Span};
use bailiwick_ops::invitations::{self, Answered};
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use super::new::{lifetimes, roles};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Problem, Select, Typed, in_order},
    pages::{parts::counted, refused::Refused},
    shell::{Shell, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManyForm {
    addresses: String,
    role: String,
    /// Days.
    lifetime: u16,
}

#[derive(Template, WebTemplate)]
#[template(path = "invitations/many.html")]
pub(super) struct ManyPage {
    shell: Shell,
    problems: Vec<Problem>,
    /// What became of the rows of the form before; those that were refused stand in the form again.
    invited: Vec<String>,
    refused: Vec<RefusedRow>,
    heading: String,
    addresses: Field,
    role: Select,
    lifetime: Select,
}

/// A row that was not invited.
struct RefusedRow {
    line: usize,
    address: String,
    text: String,
}

pub(super) async fn new(
    Access(permit): Access<Invite>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<ManyPage> {
    page(&permit, &visit, &store).await
}

pub(super) async fn create(
    Access(permit): Access<Invite>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<ManyForm>,
) -> Result<Response> {
    let again = async |refused: Refused| -> Result<Response> {
        let page = page(&permit, &visit, &store).await?.again(&form.typed, refused.problems);
        Ok((refused.status, page).into_response())
    };
    let values = match &form.values {
        Ok(values) => values,
        Err(problems) => return again(Refused::unread(problems.clone(), &[])).await,
    };
    let rows = match invitations::rows(&values.addresses) {
        Ok(rows) => rows,
        Err(unread) => {
            return again(Refused::unread(vec![Problem::new("addresses", unread.to_string())], &[])).await;
        }
    };
    let expires_at = Some(store.now() + Span::days(i64::from(values.lifetime)));
    let answered = invitations::create_many(&store, &permit, rows, &values.role, expires_at).await?;
    let all = answered.iter().all(|row| row.outcome.is_ok());
    let status = if all { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = page(&permit, &visit, &store).await?.again(&form.typed, Vec::new()).answered(answered);
    Ok((status, page).into_response())
}

async fn page(permit: &Permit<Invite>, visit: &Visit, store: &Store) -> Result<ManyPage> {
    Ok(ManyPage {
        shell: Shell::new(permit, visit, "Invite many").under("Invitations", "/invitations"),
        problems: Vec::new(),
        invited: Vec::new(),
        refused: Vec::new(),
        heading: String::new(),
        addresses: Field::new("addresses", "E-mail addresses").hint(
            "One a line or apart by commas, 100 at most. A role may follow its address, as in name@example.com, Auditor. A table from a spreadsheet (CSV) will do as well, if its first line names the columns email and role.",
        ),
        role: roles(permit, store).await?,
        lifetime: lifetimes(permit, store).await?,
    })
}

impl ManyPage {
    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.addresses.named(), self.role.named(), self.lifetime.named()];
        Self {
            addresses: self.addresses.again(typed, &problems),
            role: self.role.again(typed, &problems),
            lifetime: self.lifetime.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }

    /// Says what became of each row, and leaves those in the form that were refused.
    fn answered(mut self, answered: Vec<Answered>) -> Self {
        let mut left = Vec::new();
        for Answered { row, outcome } in answered {
            match outcome {
                Ok(invitation) => self.invited.push(invitation.email),
                Err(text) => {
                    left.push(row.to_string());
                    self.refused.push(RefusedRow { line: row.line, address: row.email, text });
                }
            }
        }
        self.addresses.value = left.join("\n");
        let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
        self.heading = match (self.invited.len(), self.refused.len()) {
            (invited, 0) => format!("{} sent", counted(count(invited), "invitation")),
            (0, refused) => format!("{} could not be invited", counted(count(refused), "row")),
            (invited, refused) => {
                format!(
                    "{} sent, {} left",
                    counted(count(invited), "invitation"),
                    counted(count(refused), "row")
                )
            }
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_invites_many_and_corrects_the_rest(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            assert!(owner.get("/invitations/many").await.page().contains("E-mail addresses"));
            let text = "a@example.com\nnonsense\nb@example.com, Developer";
            let answer = owner.post("/invitations/many", &[("addresses", text), ("role", "auditor"), ("lifetime", "7")]).await;
            assert_eq!(answer.status, 422);
            assert!(answer.shows("2 invitations sent, 1 row left") && answer.shows(">nonsense</textarea>"), "{}", answer.body);
            let list = owner.get("/invitations").await.page();
            assert!(list.contains("a@example.com") && list.contains("b@example.com") && list.contains("Developer"));
            let answer = owner.post("/invitations/many", &[("addresses", "c@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            assert!(answer.status == 200 && answer.shows("1 invitation sent"));
            let answer = owner.post("/invitations/many", &[("addresses", " "), ("role", "auditor"), ("lifetime", "7")]).await;
            assert!(answer.status == 422 && answer.shows("at least one address"));
        }
    }
}
