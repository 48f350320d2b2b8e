//! Sending again from a record.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;
use serde::Deserialize;

use super::{LIST, show::refused_at};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayForm {
    index: String,
}

pub(super) async fn replay(
    Access(permit): Access<UpdateStreams>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    form: Form<ReplayForm>,
) -> Result<Response> {
    let index = form.values.and_then(|values| {
        let number = values.index.trim().parse::<i64>();
        number.map_err(|_| vec![Problem::new("index", "Enter the index of a record in the log, from 0.")])
    });
    let refused = match index {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(index) => match stream::replay(&store, &permit, id, index).await {
            Ok(_) => {
                return Ok(SeeOther::to(&format!("{LIST}/{id}"))
                    .tell(Message::StreamReplayed)
                    .into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    refused_at(&store, &permit, &visit, id, refused, &form.typed).await
}
