//! Setting up an authenticator app: the answer shows its secret, this once.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::factors;
use bailiwick_store::Store;
use bailiwick_vault::totp::TotpSecret;

use super::{
    page::{AccountPage, Enrolment},
    qr::picture,
};
use crate::{
    access::Access,
    error::{Error, Result},
    pages::refused::Refused,
    shell::Visit,
};

pub(super) async fn totp_begin(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Response> {
    let (factor, secret) = match factors::totp_begin(&store, &permit).await {
        Ok(begun) => begun,
        Err(error) => {
            let refused = Refused::by(error, &[])?;
            let page = AccountPage::read(&store, &permit, &visit, refused.problems, None).await?;
            return Ok((refused.status, page).into_response());
        }
    };
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has an account."))?;
    // A colon would end the issuer's name within the address (Key URI Format).
    let issuer = format!("Bailiwick {}", caller.tenant.name.replace(':', " "));
    let url =
        secret.otpauth_url(&issuer, &caller.user.email).map_err(|error| Error::Internal(Box::new(error)))?;
    let enrolment =
        Enrolment { qr: picture(&url)?, secret: grouped(&secret), ..Enrolment::waiting(factor.id, &[]) };
    Ok(AccountPage::read(&store, &permit, &visit, Vec::new(), Some(enrolment)).await?.into_response())
}

/// The secret to be typed in: groups of four.
fn grouped(secret: &TotpSecret) -> String {
    let mut text = String::new();
    for (place, letter) in secret.base32().chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_typed_in_groups_of_four() {
        let secret = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
        assert_eq!(grouped(&secret), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP");
    }
}
