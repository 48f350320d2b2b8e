//! Encryption keys of the organisation.

mod cancel;
mod certificate;
mod destroy;
mod rotate;
mod schedule;
mod show;

use crate::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/keys", show::show)
        .get("/keys/rotate", rotate::ask)
        .post_confirmed("/keys/rotate", rotate::rotate)
        .get("/keys/schedule", schedule::form)
        .post("/keys/schedule", schedule::set)
        .get("/keys/versions/{version}/destroy", destroy::ask)
        .post_confirmed("/keys/versions/{version}/destroy", destroy::destroy)
        .get("/keys/destructions/{destruction}/cancel", cancel::ask)
        .post("/keys/destructions/{destruction}/cancel", cancel::cancel)
        .get("/keys/destructions/{destruction}/certificate", certificate::certificate)
}
