//! Leading a stream somewhere else, with a code.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::Stream, ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;
use bailiwick_store::{Permit, Store, audit};

use super::{LIST, shell, typed::PlaceFields, with_code};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::{Form, Id, Problem, Typed, in_order},
    pages::{
        refused::Refused,
        step_up::{self, Sent},
    },
    placing::{NAMES, Placed},
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/stream_place.html")]
pub(super) struct PlacePage {
    shell: Shell,
    problems: Vec<Problem>,
    action: String,
    cancel: String,
    place: PlaceFields,
}

pub(super) async fn ask(
    Access(permit): Access<PlaceStream>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<PlacePage> {
    let listed = audit::stream::find(&mut store.read(&permit).await?, id).await?;
    Ok(page(&permit, &visit, &listed.stream))
}

fn page(permit: &Permit<PlaceStream>, visit: &Visit, found: &Stream) -> PlacePage {
    PlacePage {
        shell: shell(permit, visit, found, "Another place"),
        problems: Vec::new(),
        action: format!("{LIST}/{}/place", found.id),
        cancel: format!("{LIST}/{}", found.id),
        place: PlaceFields::of(found.kind),
    }
}

pub(super) async fn place(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<StreamId>,
    form: Form<Placed>,
) -> Result<Response> {
    let found = audit::stream::find(&mut state.store.read(&permit).await?, id).await?.stream;
    let typed = form.typed;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(mut values) => {
            let place = values.place(state.reach.clone());
            let moved = stream::move_to(&state.store, &permit, id, &place, confirmation.answer()).await;
            match moved {
                Ok(outcome) => {
                    let done = |_| SeeOther::to(&format!("{LIST}/{id}")).tell(Message::StreamMoved);
                    let sent = async { Ok(again_with_code(&permit, &visit, &found, &typed)) };
                    return step_up::answer(outcome, &state.outgoing, done, sent).await;
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = page(&permit, &visit, &found);
    let fields = page.place.named();
    let page = PlacePage {
        place: page.place.again(&typed, &refused.problems),
        problems: in_order(refused.problems, &fields),
        ..page
    };
    Ok((refused.status, page).into_response())
}

fn again_with_code(permit: &Permit<PlaceStream>, visit: &Visit, found: &Stream, typed: &Typed) -> Sent {
    let filled = NAMES.iter().map(|name| ((*name).to_owned(), typed.value(name).to_owned()));
    Sent {
        typed: filled.filter(|(_, value)| !value.is_empty()).collect(),
        ..with_code(permit, visit, found, "place", "Lead the stream there")
    }
}
