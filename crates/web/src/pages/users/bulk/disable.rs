//! Disabling several people.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::DisableUser;
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
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    visit: Visit,
    Query(picked): Query<Picked>,
) -> Result<Response> {
    let question = Question {
        verb: "Disable",
        sentence: "They are signed out, their API keys stop working, and invitations of theirs that wait are taken back. They can be enabled again.",
        danger: true,
        action: "/users/bulk/disable",
        role: None,
        button: "Disable users",
    };
    question.about(&store, &permit, &visit, picked).await
}

pub(in crate::pages::users) async fn disable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Picked>,
) -> Result<Response> {
    let chosen = Chosen::of(form.values.map_err(Error::Invalid)?.user)?;
    let answered = bulk::disable(&store, &permit, chosen).await?;
    done(&store, &permit, &visit, "Users disabled", answered).await
}
