//! What the palette of the keyboard offers.

use axum::{Json, extract::State};
use bailiwick_domain::rule::Me;
use bailiwick_store::Store;
use serde::Serialize;

use super::{FindRow, people, places};
use crate::{access::Access, error::Result, shell::Visit};

#[derive(Serialize)]
pub(super) struct Palette {
    items: Vec<FindRow>,
}

pub(super) async fn palette(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Json<Palette>> {
    let mut items = places(&permit, &visit);
    // An empty text occurs in every name: the first few people.
    items.extend(people(&mut store.read(&permit).await?, &permit, "").await?);
    Ok(Json(Palette { items }))
}
