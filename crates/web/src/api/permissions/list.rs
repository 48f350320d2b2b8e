//! Every permission of the running server: its own, then the packs'.

use axum::extract::State;
use bailiwick_domain::{
    permission::{Definition, Origin},
    rule::ReadRoles,
};
use bailiwick_store::Store;
use serde::Serialize;

use crate::{access::Access, api::List, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct PermissionBody {
    name: String,
    group: String,
    description: String,
    /// Whether only people of the platform may hold it.
    platform: bool,
    /// The pack that registered it; nothing for the server's own.
    pack: Option<String>,
}

impl From<&Definition> for PermissionBody {
    fn from(definition: &Definition) -> Self {
        Self {
            name: definition.name.to_string(),
            group: definition.group.to_string(),
            description: definition.description.to_string(),
            platform: definition.platform,
            pack: match &definition.origin {
                Origin::BuiltIn => None,
                Origin::Pack(pack) => Some(pack.clone()),
            },
        }
    }
}

pub(in crate::api) async fn handle(
    _: Access<ReadRoles>,
    State(store): State<Store>,
) -> Json<List<PermissionBody>> {
    List::whole(store.catalogue().iter().map(|(_, definition)| definition.into()))
}
