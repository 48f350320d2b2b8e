//! Enabling several people again.

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
        verb: "Enable",
        sentence: "They can sign in again with what they had before.",
        danger: false,
        action: "/users/bulk/enable",
        role: None,
        button: "Enable users",
    };
    question.about(&store, &permit, &visit, picked).await
}

pub(in crate::pages::users) async fn enable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Picked>,
) -> Result<Response> {
    let chosen = Chosen::of(form.values.map_err(Error::Invalid)?.user)?;
    let answered = bulk::enable(&store, &permit, chosen).await?;
    done(&store, &permit, &visit, "Users enabled", answered).await
}
