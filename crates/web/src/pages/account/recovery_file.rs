//! The codes that were just shown, as a file. The page sends them back, since only their hashes are kept; what is not a set
//! of the person's own good codes makes no file, so that nobody is handed a text of somebody else's making.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::factors::CODES;
use bailiwick_store::{Store, recovery_codes};
use bailiwick_vault::recovery::RecoveryCode;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Form,
};

const STALE: Error = Error::Conflict("These codes are good no more. Make new ones.");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    #[serde(default)]
    code: Vec<String>,
}

pub(super) async fn file(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    form: Form<Shown>,
) -> Result<Response> {
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has an account."))?;
    let shown = form.values.map_err(Error::Invalid)?.code;
    if shown.len() != CODES {
        return Err(STALE);
    }
    let mut text = Zeroizing::new(format!(
        "Recovery codes of {} at {}\r\n\r\nEach is good once, in the place of a code from your authenticator app.\r\nKeep them apart from your password.\r\n\r\n",
        caller.user.email, caller.tenant.name
    ));
    let mut view = store.read(&permit).await?;
    for code in &shown {
        let code = RecoveryCode::parse(code).map_err(|_| STALE)?;
        if !recovery_codes::is_good(&mut view, caller.user.id, &code.hash()).await? {
            return Err(STALE);
        }
        let _ = write!(text, "{}\r\n", code.expose().as_str());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"bailiwick-recovery-codes.txt\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text.to_string()).into_response())
}
