//! Making an evidence bundle of a search or of the history of one thing.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    disclosure::Disclosure,
    rule::{AskBundle, MakeBundle, Rule},
    search::is_word,
};
use bailiwick_ops::audit::bundles::{self, Of, Wanted};
use bailiwick_proof::checkpoint::{self, Checkpoint, LogName, SignedNote};
use bailiwick_store::{
    Permit,
    audit::{log, thing_of},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{history, words};
use crate::{
    access::Access,
    bundle_file,
    error::{Error, Result},
    forms::{Field, Form, Problem, Query, Typed, in_order},
    pages::{parts::address, refused::Refused},
    shell::{Shell, Visit},
    state::AppState,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/bundle.html")]
pub(super) struct BundlePage {
    shell: Shell,
    problems: Vec<Problem>,
    selection: Selection,
    disclose: Field,
    /// The key that a reader compares with the one they know.
    key: String,
    /// The name of the log, without the number of its epoch: one key signs those of all tenants. Nothing before it is signed.
    log: Option<String>,
    /// Where the records are that go in.
    records: String,
}

/// What the bundle is to be of, as the address and the form have it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    /// A line of search.
    q: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<Uuid>,
}

/// What is sent to make one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Making {
    q: String,
    #[serde(rename = "type")]
    kind: String,
    id: String,
    disclose: String,
}

/// Where the page for a line of search is.
pub(super) fn of_search(line: &str) -> String {
    address("/audit/bundle", &[("q", Some(line).filter(|line| !line.is_empty()))])
}

/// Where the page for the history of a thing is.
pub(super) fn of_entity(kind: &str, id: Uuid) -> String {
    address("/audit/bundle", &[("type", Some(kind)), ("id", Some(&id.to_string()))])
}

pub(super) async fn ask(
    Access(permit): Access<AskBundle>,
    visit: Visit,
    State(state): State<AppState>,
    Query(selection): Query<Selection>,
) -> Result<BundlePage> {
    bundles::may_read(&permit)?;
    if selection.kind.is_some() != selection.id.is_some() {
        return Err(Error::BadRequest("A bundle is of a search, or of a thing by its type and id."));
    }
    BundlePage::of(&permit, &visit, &state, selection).await
}

pub(super) async fn make(
    Access(permit): Access<MakeBundle>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<Making>,
) -> Result<Response> {
    let (selection, refused) = match form.values {
        Err(problems) => (Selection::default(), Refused::unread(problems, &[])),
        Ok(values) => {
            let selection = values.selection()?;
            let refused = match values.disclose.parse::<Disclosure>() {
                Err(_) => Refused::unread(vec![Problem::new("disclose", WRONG)], &[]),
                Ok(disclose) => {
                    let wanted = Wanted { of: selection.of(), disclose };
                    match bundles::make(&state.store, &permit, wanted).await {
                        Ok(made) => return Ok(bundle_file::answer(made)),
                        Err(error) => Refused::by(error, &[("query", "")])?,
                    }
                }
            };
            (selection, refused)
        }
    };
    let page = BundlePage::of(&permit, &visit, &state, selection).await?.again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

const WRONG: &str = "Enter up to 50 paths such as /name or ip, with commas between them, or * for all.";

/// The name of the log that a checkpoint is of, in its first epoch.
fn named(note: &str) -> Option<String> {
    let signed = Checkpoint::parse(SignedNote::parse(note.as_bytes()).ok()?.text()).ok()?;
    match LogName::parse(&signed.origin)? {
        LogName { base, of: checkpoint::Of::Tenant { tenant, .. } } => {
            Some(LogName::tenant(base, tenant, 1).to_string())
        }
        _ => None,
    }
}

impl Making {
    /// # Errors
    /// 404 for an id that is none.
    fn selection(&self) -> Result<Selection> {
        if self.kind.is_empty() {
            return Ok(Selection { q: Some(self.q.clone()), ..Selection::default() });
        }
        let id = thing_of(&self.kind, &self.id).filter(|_| is_word(&self.kind)).ok_or(Error::NotFound)?;
        Ok(Selection { q: None, kind: Some(self.kind.clone()), id: Some(id) })
    }
}

impl Selection {
    fn of(&self) -> Of {
        match (&self.kind, self.id) {
            (Some(kind), Some(id)) => Of::Entity { kind: kind.clone(), id },
            _ => Of::Search(self.q.clone().unwrap_or_default()),
        }
    }

    /// The kind of the thing in words; nothing for a search.
    fn thing(&self) -> Option<String> {
        self.kind.as_deref().map(words::of_kind)
    }

    fn line(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    fn id(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }
}

impl BundlePage {
    async fn of<R: Rule>(
        permit: &Permit<R>,
        visit: &Visit,
        state: &AppState,
        selection: Selection,
    ) -> Result<Self> {
        let records = match selection.of() {
            Of::Entity { kind, id } => history(&kind, id),
            Of::Search(line) => {
                address("/audit", &[("q", Some(line.as_str()).filter(|line| !line.is_empty()))])
            }
        };
        let newest = log::checkpoint(&mut state.store.read(permit).await?).await?;
        Ok(Self {
            shell: Shell::new(permit, visit, "Evidence bundle").under("Audit log", "/audit"),
            problems: Vec::new(),
            selection,
            disclose: Field::new("disclose", "Personal values to show")
                .hint("Empty hides every one. Paths of changes such as /name, ip for addresses of requests, with commas between them; * shows all."),
            key: state.verifier.to_string(),
            log: newest.and_then(|newest| named(&newest.note)),
            records,
        })
    }

    /// The form as it was filled in, with what is wrong beside each field.
    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.disclose.named()];
        Self {
            disclose: self.disclose.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::GrantPermission};
    use bailiwick_ops::users::{self, NewGrant};
    use bailiwick_proof::{bundle::read, checkpoint::Trust};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

    fn form_of<'a>(
        q: &'a str,
        kind: &'a str,
        id: &'a str,
        disclose: &'a str,
    ) -> [(&'static str, &'a str); 4] {
        [("q", q), ("type", kind), ("id", id), ("disclose", disclose)]
    }

    both_databases! {
        async fn auditor_takes_a_search_along_in_one_file(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            db.sign().await;
            let list = auditor.get("/audit?outcome=ok").await.page();
            let form = auditor.get(href(&list, "/audit/bundle?", "")).await;
            assert!(form.shows("name=\"q\" value=\"outcome:ok\"") && form.shows(&db.signer().verifier().to_string()), "{}", form.body);
            let sent = form_of("outcome:ok", "", "", "");
            let file = auditor.post("/audit/bundle", &sent).await;
            assert_eq!(file.status, 200, "{}", file.body);
            let name = file.headers["content-disposition"].to_str().unwrap();
            assert!(name.starts_with("attachment; filename=\"evidence-") && name.ends_with("Z.html\""), "{name}");
            let trust = Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() };
            let proven = read(file.body.as_bytes()).unwrap().verify(&trust).unwrap();
            assert_eq!((proven.manifest.of.to_string().as_str(), proven.disclosed), ("search outcome:ok", 0));
            assert!(form.shows(&proven.manifest.log), "its reader compares the name, too: {}", form.body);
            let wrong = auditor.post("/audit/bundle", &form_of("outcome:ok", "", "", "name")).await;
            assert!(wrong.status == 422 && wrong.shows("id=\"disclose-error\"") && wrong.shows("value=\"outcome:ok\""), "{}", wrong.body);
            let wrong = auditor.post("/audit/bundle", &form_of("outcome:good", "", "", "")).await;
            assert!(wrong.status == 422 && wrong.shows("Column 9: "), "{}", wrong.body);
            let none = auditor.post("/audit/bundle", &form_of("action:user.disabled", "", "", "")).await;
            assert!(none.status == 409 && none.shows("No record of the signed log matches"), "{}", none.body);
        }

        async fn auditor_takes_the_history_of_a_thing_along(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            db.sign().await;
            let owner = acme.owner().id().to_string();
            let page = auditor.get(&format!("/audit/entities/user/{owner}")).await.page();
            assert!(page.contains(&format!("/audit/bundle?type=user&#38;id={owner}")), "{page}");
            let form = auditor.get(&format!("/audit/bundle?type=user&id={owner}")).await;
            assert!(form.shows("Everything that happened to one thing") && form.shows(&owner), "{}", form.body);
            let sent = form_of("", "user", &owner, "*");
            let file = auditor.post("/audit/bundle", &sent).await;
            assert!(file.status == 200 && file.body.contains("owner@acme.example"), "{}", file.status);
            // The page says how a reader learns who an id is, and so it is.
            assert!(form.shows("What somebody is called stands in the history of that person"), "{}", form.body);
            let file = auditor.post("/audit/bundle", &form_of("", "user", &owner, "/name")).await;
            let name = acme.owner().user.name.clone();
            let shown = read(file.body.as_bytes()).unwrap().records;
            let mut values = shown.iter().flat_map(|record| &record.disclosed);
            assert!(values.any(|opening| opening.value.as_str() == Some(name.as_str())), "{name}");
            for (path, status) in [("/audit/bundle?type=user", 400), ("/audit/bundle?x=1", 400)] {
                assert_eq!(auditor.get(path).await.status, status, "{path}");
            }
            let stranger = db.tenant("other").await.owner().id().to_string();
            let sent = form_of("", "user", &stranger, "");
            assert_eq!(auditor.post("/audit/bundle", &sent).await.status, 404);
            assert_eq!(auditor.post("/audit/bundle", &form_of("", "user", "1", "")).await.status, 404);
        }

        async fn whoever_may_not_export_sees_no_button_and_gets_no_file(db: Db) {
            let acme = db.tenant("acme").await;
            let auditor = acme.user(Role::Auditor).await;
            let new = NewGrant {
                permission: "audit:export".into(),
                effect: "deny".into(),
                reason: "They only read here.".into(),
                expires_at: None,
            };
            let permit = acme.owner().permit::<GrantPermission>().await;
            users::grant(&db.store, &permit, auditor.id(), new).await.unwrap();
            let mut auditor = Browser::of(&auditor);
            db.sign().await;
            let list = auditor.get("/audit").await;
            assert!(list.status == 200 && !list.shows("/audit/bundle"), "{}", list.body);
            assert_eq!(auditor.get("/audit/bundle").await.status, 403);
            assert_eq!(auditor.post("/audit/bundle", &form_of("", "", "", "")).await.status, 403);
        }
    }
}
