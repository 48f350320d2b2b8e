//! Removing a stream, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::{Store, audit};

use super::{LIST, shell};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<UpdateStreams>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<ConfirmPage> {
    let found = audit::stream::find(&mut store.read(&permit).await?, id).await?.stream;
    Ok(ConfirmPage {
        shell: shell(&permit, &visit, &found, "Remove the stream?"),
        question: format!("Remove “{}”?", found.name),
        sentence: format!("Records leave for {} no more.", found.origin),
        effects: vec![
            "Its address, its credentials and its signing secrets are gone for good.".to_owned(),
            "Where it stood in the log is forgotten. Pause it to keep that.".to_owned(),
            "The other side keeps what it has.".to_owned(),
        ],
        danger: true,
        action: format!("{LIST}/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove stream",
        cancel: format!("{LIST}/{id}"),
    })
}

pub(super) async fn remove(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<SeeOther> {
    stream::remove(&store, &permit, id).await?;
    Ok(SeeOther::to(LIST).tell(Message::StreamRemoved))
}
