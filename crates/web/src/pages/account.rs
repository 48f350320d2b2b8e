//! A person's own account.

mod factor_remove;
mod page;
mod passkey_add;
mod passkey_remove;
mod passkey_rename;
mod passkeys;
mod password_change;
mod password_first;
mod password_show;
mod phone;
mod profile;
mod recovery_file;
mod recovery_make;
mod recovery_show;
mod show;
mod theme;
mod totp_begin;
mod totp_verify;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/account", show::show)
        .get("/account/profile", profile::show)
        .post("/account/profile", profile::change)
        .get("/account/password", password_show::password_show)
        .post("/account/password", password_change::password_change)
        .get("/account/password/first", password_first::ask)
        .post("/account/password/first", password_first::set)
        .post("/account/factors", totp_begin::totp_begin)
        .post("/account/factors/{factor}", totp_verify::totp_verify)
        .post("/account/passkeys", passkey_add::add)
        .get("/account/passkeys/{passkey}", passkey_rename::ask)
        .post("/account/passkeys/{passkey}", passkey_rename::rename)
        .get("/account/passkeys/{passkey}/remove", passkey_remove::ask)
        .post("/account/passkeys/{passkey}/remove", passkey_remove::remove)
        .get("/account/factors/{factor}/remove", factor_remove::ask)
        .post("/account/factors/{factor}/remove", factor_remove::remove)
        .get("/account/recovery-codes", recovery_show::show)
        .post("/account/recovery-codes", recovery_make::make)
        .post("/account/recovery-codes/file", recovery_file::file)
        .post("/account/theme", theme::theme)
        .merge(phone::routes())
}
