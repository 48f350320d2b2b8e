//! Letters to people: which were sent to whom, and which still wait. Never what they say.

mod list;

use crate::routes::Routes;

pub(crate) use list::state;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/mail", list::list)
}
