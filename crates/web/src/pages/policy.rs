//! The tenant's security policy.

mod show;
mod update;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/policy", show::show).post("/policy", update::update)
}
