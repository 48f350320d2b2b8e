//! A person's own account.

mod page;
mod qr;
mod show;
mod theme;
mod totp_begin;
mod totp_verify;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/account", show::show)
        .post("/account/factors", totp_begin::totp_begin)
        .post("/account/factors/{factor}", totp_verify::totp_verify)
        .post("/account/theme", theme::theme)
}
