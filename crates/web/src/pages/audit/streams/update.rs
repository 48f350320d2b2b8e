//! Changing a stream's name and filter.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream::{self, Update};
use bailiwick_store::Store;

use super::{
    LIST,
    show::refused_at,
    typed::{UpdateForm, filter},
};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn update(
    Access(permit): Access<UpdateStreams>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    form: Form<UpdateForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => {
            let filter = filter(values.action, values.entity_type, values.outcome);
            match stream::update(&store, &permit, id, Update { name: values.name, filter }).await {
                Ok(_) => {
                    return Ok(SeeOther::to(&format!("{LIST}/{id}"))
                        .tell(Message::StreamChanged)
                        .into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    refused_at(&store, &permit, &visit, id, refused, &form.typed).await
}
