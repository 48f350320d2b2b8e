//! What the running server asks of its callers.

mod reference;
mod table;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/access", table::table).get("/access/api", reference::reference)
}
