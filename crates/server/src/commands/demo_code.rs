//! `bailiwick demo-code`

use bailiwick_domain::clock::Clock;
use bailiwick_vault::totp::TotpSecret;

use crate::{clock::SystemClock, exit::Failure, ui};

/// Prints the one-time code of this moment, so that a demonstration can be entered without an authenticator app.
///
/// It is a command of its own, not a part of any other, because no secret that protects something belongs on a command line.
pub(crate) fn run(secret: &str) -> Result<(), Failure> {
    let secret = TotpSecret::from_base32(secret).ok_or_else(|| {
        Failure::failed("this is not an authenticator secret: it is written in base32, A to Z and 2 to 7")
    })?;
    ui::say(&*secret.code_at(SystemClock.now().unix_seconds()));
    Ok(())
}
