//! Ending the sessions of several people.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::RevokeSession;
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
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    visit: Visit,
    Query(picked): Query<Picked>,
) -> Result<Response> {
    let question = Question {
        verb: "End all sessions of",
        sentence: "They are signed out everywhere at this moment, and can sign in again.",
        danger: true,
        action: "/users/bulk/end-sessions",
        role: None,
        button: "End all sessions",
    };
    question.about(&store, &permit, &visit, picked).await
}

pub(in crate::pages::users) async fn end(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Picked>,
) -> Result<Response> {
    let chosen = Chosen::of(form.values.map_err(Error::Invalid)?.user)?;
    let answered = bulk::end_sessions(&store, &permit, chosen).await?;
    done(&store, &permit, &visit, "Sessions ended", answered).await
}
