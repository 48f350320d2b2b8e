//! What an authenticator keeps to say whose credential it is.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

/// The user handle (§5.4.3): the tenant's and the user's id, 32 octets without any personal data.
///
/// With the tenant in front a sign-in without a user name leads to one place. It is a claim only: nothing signs it, and it
/// holds once a credential of this very user is found there and has signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserHandle {
    tenant: [u8; 16],
    user: [u8; 16],
}

impl UserHandle {
    /// The handle of a user of a tenant.
    #[must_use]
    pub const fn of(tenant: [u8; 16], user: [u8; 16]) -> Self {
        Self { tenant, user }
    }

    /// Reads a handle; nothing for anything but 32 octets.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tenant, user) = bytes.split_first_chunk()?;
        Some(Self { tenant: *tenant, user: user.try_into().ok()? })
    }

    /// The tenant that it names.
    #[must_use]
    pub const fn tenant(&self) -> [u8; 16] {
        self.tenant
    }

    /// The user that it names.
    #[must_use]
    pub const fn user(&self) -> [u8; 16] {
        self.user
    }

    /// As it stands in the options.
    pub(crate) fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([self.tenant, self.user].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_two_ids_and_nothing_else() {
        let handle = UserHandle::of([1; 16], [2; 16]);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(handle.text()).unwrap_or_default();
        assert_eq!(UserHandle::from_bytes(&bytes), Some(handle));
        for length in [0, 16, 31, 33, 64] {
            assert_eq!(UserHandle::from_bytes(&vec![1; length]), None, "{length}");
        }
    }
}
