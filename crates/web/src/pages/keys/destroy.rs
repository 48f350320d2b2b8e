//! Asking for the destruction of a version, after a question, with a reason and a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::DESTRUCTION_WAITS_DAYS, rule::DestroyKey};
use bailiwick_ops::keys;
use bailiwick_store::{Permit, Store, keys::versions};
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::{Field, Form, Id},
    key_version::KeyVersion,
    pages::{
        confirm::ConfirmPage,
        refused::Refused,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: String,
}

pub(super) async fn ask(
    Access(permit): Access<DestroyKey>,
    visit: Visit,
    State(store): State<Store>,
    Id(KeyVersion(version)): Id<KeyVersion>,
) -> Result<ConfirmPage> {
    let there = versions(&mut store.read(&permit).await?).await?;
    if !there.iter().any(|found| found.key.version == version) {
        return Err(Error::NotFound);
    }
    Ok(question(&permit, &visit, version))
}

pub(super) async fn destroy(
    Access(permit): Access<DestroyKey>,
    confirmation: Confirmation<DestroyKey>,
    visit: Visit,
    State(state): State<AppState>,
    Id(KeyVersion(version)): Id<KeyVersion>,
    form: Form<Why>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(why) => {
            match keys::request(&state.store, &permit, version, &why.reason, confirmation.answer()).await {
                Ok(outcome) => {
                    let done = |_| SeeOther::to("/keys").tell(Message::KeyDestructionAsked);
                    let sent = async {
                        Ok(Sent {
                            shell: Shell::new(&permit, &visit, "Confirm with a code")
                                .under("Encryption keys", "/keys"),
                            action: format!("/keys/versions/{version}/destroy"),
                            typed: vec![("reason".to_owned(), why.reason)],
                            button: "Destroy",
                            cancel: "/keys".to_owned(),
                        })
                    };
                    return step_up::answer(outcome, &state.outgoing, done, sent).await;
                }
                Err(error @ bailiwick_ops::Error::Invalid(_)) => Refused::by(error, &[])?,
                Err(error) => return Err(error.into()),
            }
        }
    };
    let page = question(&permit, &visit, version);
    let page = ConfirmPage { reason: Some(reason_field().again(&form.typed, &refused.problems)), ..page };
    Ok((refused.status, page).into_response())
}

fn reason_field() -> Field {
    Field::new("reason", "Reason").hint("It stands in the log.")
}

fn question(permit: &Permit<DestroyKey>, visit: &Visit, version: i64) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::new(permit, visit, "Destroy a key?").under("Encryption keys", "/keys"),
        question: format!("Destroy version {version} of the encryption key?"),
        sentence: "Nobody can undo it. It takes a version that nothing is sealed under any more.".to_owned(),
        effects: vec![
            format!(
                "It is destroyed {DESTRUCTION_WAITS_DAYS} days from now, and can be called off until then."
            ),
            "Copies that were sealed under it, such as backups, can be opened no more.".to_owned(),
            "A certificate proves it to anybody.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/keys/versions/{version}/destroy"),
        hidden: Vec::new(),
        reason: Some(reason_field()),
        button: "Destroy",
        cancel: "/keys".to_owned(),
    }
}
