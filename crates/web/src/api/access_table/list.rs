//! Every route of the running server with the rule that guards it.

use axum::extract::State;
use bailiwick_domain::rule::{Need, ReadSystem};
use bailiwick_store::Store;
use serde::Serialize;

use crate::{access::Access, api::List, forms::Json, shell::Visit};

#[derive(Serialize)]
pub(in crate::api) struct RowBody {
    method: String,
    path: &'static str,
    rule: &'static str,
    /// A permission by name, or `anyone`, `signed_in`, `recent`, `enrolling`, `proving`, `nobody`.
    need: String,
    /// Whether it takes a one-time code besides.
    confirmed: bool,
    /// Whether a person needs a proof of the last minutes besides.
    recent: bool,
    writes: bool,
}

pub(in crate::api) async fn handle(
    _: Access<ReadSystem>,
    State(store): State<Store>,
    visit: Visit,
) -> Json<List<RowBody>> {
    let need = |need| match need {
        Need::Nobody => "nobody",
        Need::Anyone => "anyone",
        Need::SignedIn => "signed_in",
        Need::Recent => "recent",
        Need::Enrolling => "enrolling",
        Need::Proving => "proving",
        Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission) => {
            store.catalogue().name(permission)
        }
    };
    List::whole(visit.access_table().iter().map(|row| RowBody {
        method: row.method.to_string(),
        path: row.path,
        rule: row.rule,
        need: need(row.need).to_owned(),
        confirmed: row.writes && matches!(row.need, Need::Confirmed(_)),
        recent: matches!(row.need, Need::Recent | Need::Enrolling | Need::RecentHas(_)),
        writes: row.writes,
    }))
}
