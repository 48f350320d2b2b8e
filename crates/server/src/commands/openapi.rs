//! `bailiwick openapi`

use crate::ui;

/// Prints the description of the API.
pub(crate) fn run() {
    ui::print(bailiwick_web::openapi().as_bytes());
}
