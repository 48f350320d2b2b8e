//! A person's own account.

mod page;
mod passkey_add;
mod passkey_remove;
mod passkey_rename;
mod passkeys;
mod password_change;
mod password_show;
mod qr;
mod show;
mod theme;
mod totp_begin;
mod totp_verify;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/account", show::show)
        .get("/account/password", password_show::password_show)
        .post("/account/password", password_change::password_change)
        .post("/account/factors", totp_begin::totp_begin)
        .post("/account/factors/{factor}", totp_verify::totp_verify)
        .post("/account/passkeys", passkey_add::add)
        .get("/account/passkeys/{passkey}", passkey_rename::ask)
        .post("/account/passkeys/{passkey}", passkey_rename::rename)
        .get("/account/passkeys/{passkey}/remove", passkey_remove::ask)
        .post("/account/passkeys/{passkey}/remove", passkey_remove::remove)
        .post("/account/theme", theme::theme)
}
