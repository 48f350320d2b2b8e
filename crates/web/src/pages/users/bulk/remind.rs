//! Asking several people by letter to set up a second factor.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::RemindFactors;
use bailiwick_ops::bulk::{self, Chosen};
use bailiwick_store::Store;

use super::{Picked, Question, done};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Query},
    shell::Visit,
};

pub(in crate::pages::users) async fn ask(
    Access(permit): Access<RemindFactors>,
    State(store): State<Store>,
    visit: Visit,
    Query(picked): Query<Picked>,
) -> Result<Response> {
    let question = Question {
        verb: "Remind",
        sentence: "Each gets a letter that asks for a second factor, at most one a day. Whoever has one, or is disabled, gets none.",
        danger: false,
        action: "/users/bulk/remind",
        role: None,
        button: "Send letters",
    };
    question.about(&store, &permit, &visit, picked).await
}

pub(in crate::pages::users) async fn remind(
    Access(permit): Access<RemindFactors>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Picked>,
) -> Result<Response> {
    let chosen = Chosen::of(form.values.map_err(Error::Invalid)?.user)?;
    let answered = bulk::remind_of_factors(&store, &permit, chosen).await?;
    done(&store, &permit, &visit, "Users reminded", answered).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::{Authenticator, both_databases};

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_reminds_those_without_a_second_factor_and_reads_what_became_of_each(db: Db) {
            let acme = db.tenant("acme").await;
            let (bare, kept) = (acme.add(Role::Auditor).await, acme.user(Role::Auditor).await);
            kept.add_passkey(&mut Authenticator::new(), "Laptop").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/users").await.shows(r#"formaction="/users/bulk/remind""#));
            let path = format!("/users/bulk/remind?user={}&user={}", bare.id, kept.id());
            assert!(owner.get(&path).await.shows("Remind 2 people?"));
            let (first, second) = (bare.id.to_string(), kept.id().to_string());
            let chosen = [("user", first.as_str()), ("user", second.as_str())];
            let done = owner.post("/users/bulk/remind", &chosen).await;
            assert!(done.status == 200 && done.shows("1 user changed, 1 refused.") && done.shows("They have a second factor already."), "{}", done.body);
            assert!(owner.get("/mail").await.shows("Reminder of a second factor"));
            assert!(owner.post("/users/bulk/remind", &chosen).await.shows("They were reminded within the last day."));
        }

        async fn manager_who_resets_no_factors_reminds_nobody(db: Db) {
            let acme = db.tenant("acme").await;
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert!(!manager.get("/users").await.shows("/users/bulk/remind"));
            assert_eq!(manager.get(&format!("/users/bulk/remind?user={}", acme.owner().id())).await.status, 403);
        }
    }
}
