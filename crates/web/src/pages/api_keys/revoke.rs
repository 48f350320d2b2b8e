//! Revoking a key, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::RevokeApiKey};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<RevokeApiKey>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
) -> Result<ConfirmPage> {
    let key = bailiwick_store::api_keys::find(&mut store.read(&permit).await?, id).await?;
    if key.revoked_at.is_some() {
        return Err(Error::Conflict("The key was revoked already."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Revoke the key?").under("API keys", "/api-keys"),
        question: format!("Revoke “{}”?", key.name),
        sentence: "This cannot be undone. A new key has to be created instead.".to_owned(),
        effects: vec![
            format!("Requests with {}… are refused from this moment.", key.prefix),
            "A program that still uses it stops working.".to_owned(),
            "The revocation is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/api-keys/{id}/revoke"),
        hidden: Vec::new(),
        reason: None,
        button: "Revoke key",
        cancel: "/api-keys".to_owned(),
    })
}

pub(super) async fn revoke(
    Access(permit): Access<RevokeApiKey>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
) -> Result<SeeOther> {
    api_keys::revoke(&store, &permit, id).await?;
    Ok(SeeOther::to("/api-keys").tell(Message::ApiKeyRevoked))
}
