//! Roles and what they hold.

mod matrix;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/roles", matrix::matrix)
}
