//! Keyed hashes: equal inputs are recognised, and without the root key nothing can be guessed from them.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::provider::{KeyProvider, ProviderError};
use crate::step_up::Code;
use crate::token::DeviceToken;
use crate::transcript::Transcript;

/// Tags of sign-in addresses and IP addresses and marks on what browsers carry, HMAC-SHA-256 under keys derived from the root
/// key.
///
/// A plain hash of an address is no protection, since addresses can be enumerated. A new root key gives new
/// tags, so a rotation of the root key recomputes the directory from the sealed addresses.
pub struct KeyedHash {
    address: hmac::Key,
    ip: hmac::Key,
    step_up: hmac::Key,
    carried: hmac::Key,
    device: hmac::Key,
    event: hmac::Key,
    head: hmac::Key,
    image: hmac::Key,
    secret: hmac::Key,
}

impl KeyedHash {
    /// Derives the keys.
    ///
    /// # Errors
    /// Whatever the provider answers.
    pub async fn derive(provider: &dyn KeyProvider) -> Result<Self, ProviderError> {
        let address = provider.derive_key(b"bailiwick address tag v1").await?;
        let ip = provider.derive_key(b"bailiwick ip tag v1").await?;
        let step_up = provider.derive_key(b"bailiwick step-up v1").await?;
        let carried = provider.derive_key(b"bailiwick carried v1").await?;
        let device = provider.derive_key(b"bailiwick device tag v1").await?;
        let event = provider.derive_key(b"bailiwick event tag v1").await?;
        let head = provider.derive_key(b"bailiwick head tag v1").await?;
        let image = provider.derive_key(b"bailiwick image seal v1").await?;
        let secret = provider.derive_key(b"bailiwick secret fingerprint v1").await?;
        Ok(Self {
            address: hmac::Key::new(hmac::HMAC_SHA256, address.expose()),
            ip: hmac::Key::new(hmac::HMAC_SHA256, ip.expose()),
            step_up: hmac::Key::new(hmac::HMAC_SHA256, step_up.expose()),
            carried: hmac::Key::new(hmac::HMAC_SHA256, carried.expose()),
            device: hmac::Key::new(hmac::HMAC_SHA256, device.expose()),
            event: hmac::Key::new(hmac::HMAC_SHA256, event.expose()),
            head: hmac::Key::new(hmac::HMAC_SHA256, head.expose()),
            image: hmac::Key::new(hmac::HMAC_SHA256, image.expose()),
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret.expose()),
        })
    }

    /// The key of what browsers carry: see [`crate::carried`].
    pub(crate) const fn carried_key(&self) -> &hmac::Key {
        &self.carried
    }

    /// The directory's tag of a sign-in address, the same in every tenant.
    ///
    /// `normalised` is the address in the one spelling that the caller stores; another spelling has another
    /// tag.
    #[must_use]
    pub fn address_tag(&self, normalised: &str) -> [u8; 32] {
        tag(&self.address, normalised.as_bytes())
    }

    /// A tenant's tag of an address that a data-subject request is about. It outlives the address, so it can be compared with no
    /// other tag of it, and with none of another tenant.
    #[must_use]
    pub fn request_tag(&self, tenant: &[u8; 16], normalised: &str) -> [u8; 32] {
        tag(
            &self.address,
            &Transcript::new("data-subject request").field(tenant).field(normalised.as_bytes()).finish(),
        )
    }

    /// A tenant's tag of the source behind an IP address; two tenants cannot compare theirs.
    ///
    /// An IPv4 address is a source by itself. Of an IPv6 address only the first 64 bits count: that is the least a
    /// customer is given (RFC 6177, RIPE-690), so whoever has one address has all 2⁶⁴ beside it. An IPv4 address mapped
    /// into IPv6 (`::ffff:a.b.c.d`) has the tag of the IPv4 address.
    #[must_use]
    pub fn ip_tag(&self, tenant: &[u8; 16], ip: IpAddr) -> [u8; 32] {
        let message = Transcript::new("ip").field(tenant);
        let message = match ip.to_canonical() {
            IpAddr::V4(ip) => message.field(&ip.octets()),
            IpAddr::V6(ip) => message.field(&(ip.to_bits() >> 64).to_be_bytes()),
        };
        tag(&self.ip, &message.finish())
    }

    /// What stands for a tenant in the tree of heads: always the same, and nobody without the root key learns from it which
    /// tenant it is, or whether two installations have one in common.
    ///
    /// A synthetic initialisation vector (RFC 5297 calls the shape so): the first half is a keyed hash of the id, the second
    /// the id under a pad that follows from the first half. So whoever has the key reads the id again.
    #[must_use]
    pub fn head_tag(&self, tenant: &[u8; 16]) -> [u8; 32] {
        let first = halved(tag(&self.head, &Transcript::new("head").field(tenant).finish()));
        let second = self.head_pad(&first, tenant);
        let mut both = [0; 32];
        for (to, from) in both.iter_mut().zip(first.into_iter().chain(second)) {
            *to = from;
        }
        both
    }

    /// The tenant that a tag stands for; nothing for a tag of another key.
    #[must_use]
    pub fn tenant_of_head(&self, head: &[u8; 32]) -> Option<[u8; 16]> {
        let (first, second) = head.split_first_chunk::<16>()?;
        let tenant = self.head_pad(first, second.first_chunk::<16>()?);
        same(&self.head_tag(&tenant), head).then_some(tenant)
    }

    fn head_pad(&self, first: &[u8; 16], text: &[u8; 16]) -> [u8; 16] {
        let mut padded = halved(tag(&self.head, &Transcript::new("head id").field(first).finish()));
        for (octet, other) in padded.iter_mut().zip(text) {
            *octet ^= other;
        }
        padded
    }

    /// What is stored of a browser that a user of a tenant signed in from. Another user's tag of the same browser is another.
    #[must_use]
    pub fn device_tag(&self, tenant: &[u8; 16], user: &[u8; 16], device: &DeviceToken) -> [u8; 32] {
        let message = Transcript::new("device").field(tenant).field(user);
        tag(&self.device, &message.field(device.hash().as_bytes()).finish())
    }

    /// What is stored of the key under which a product sends an event, to know it again: sixteen octets.
    #[must_use]
    pub fn event_key_tag(&self, tenant: &[u8; 16], key: &str) -> [u8; 16] {
        let whole =
            tag(&self.event, &Transcript::new("event key").field(tenant).field(key.as_bytes()).finish());
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(whole) {
            *to = from;
        }
        short
    }

    /// What is stored of an event as a product sent it, in canonical octets, to tell another event under the same key apart.
    ///
    /// Keyed, because it is made before anything is redacted: from a plain hash a number of a card could be guessed.
    #[must_use]
    pub fn event_payload_tag(&self, tenant: &[u8; 16], canonical: &[u8]) -> [u8; 32] {
        let message = Transcript::new("event payload").field(tenant).field(canonical);
        tag(&self.event, &Zeroizing::new(message.finish()))
    }

    /// What is stored of a request that its sender may send again, over the SHA-256 of what it asks for, and of the key that they gave it.
    ///
    /// Keyed, because requests hold passwords and values of secrets: from a plain hash a weak one could be guessed.
    #[must_use]
    pub fn sent_tag(&self, tenant: &[u8; 16], digest: &[u8; 32]) -> [u8; 32] {
        tag(&self.event, &Transcript::new("sent request").field(tenant).field(digest).finish())
    }

    /// The seal of an image that is kept beside the log: of which thing at which revision it is, and under which record.
    ///
    /// Whoever can write to the database and has no root key makes none that fits.
    #[must_use]
    pub fn image_seal(
        &self,
        tenant: &[u8; 16],
        kind: &str,
        id: &[u8; 16],
        revision: i64,
        record: &[u8],
        image: &[u8],
    ) -> [u8; 32] {
        let message = Transcript::new("image").field(tenant).field(kind.as_bytes()).field(id);
        let message = message.field(&revision.to_be_bytes()).field(record).field(image);
        tag(&self.image, &message.finish())
    }

    /// What is shown of a stored secret: equal values of one tenant are recognised, those of two tenants cannot be compared, and
    /// nothing is guessed from it without the root key. Sixteen octets.
    #[must_use]
    pub fn secret_fingerprint(&self, tenant: &[u8; 16], value: &[u8]) -> [u8; 16] {
        let message = Zeroizing::new(Transcript::new("secret").field(tenant).field(value).finish());
        halved(tag(&self.secret, &message))
    }

    /// The digest of a change that a one-time code approves, over the change's canonical octets.
    ///
    /// Keyed, because a change may hold personal values: a plain hash of it would let them be guessed.
    #[must_use]
    pub fn change_digest(&self, canonical: &[u8]) -> [u8; 32] {
        tag(&self.step_up, &Transcript::new("step-up change").field(canonical).finish())
    }

    /// What is recorded of a place that the log is sent to, over its address and credentials: another place has another tag, and
    /// nothing of it can be guessed from the tag. Two tenants cannot compare theirs.
    #[must_use]
    pub fn place_tag(&self, tenant: &[u8; 16], place: &[u8]) -> [u8; 32] {
        let message = Zeroizing::new(Transcript::new("stream place").field(tenant).field(place).finish());
        tag(&self.step_up, &message)
    }

    /// What is stored of a one-time code: eight digits are guessed in no time from anything that is not keyed. It belongs to
    /// the one request of the one tenant.
    #[must_use]
    pub fn code_tag(&self, tenant: &[u8; 16], request: &[u8; 16], code: &Code) -> [u8; 32] {
        let message = Transcript::new("step-up code").field(tenant).field(request);
        let message = Zeroizing::new(message.field(code.expose().as_bytes()).finish());
        tag(&self.step_up, &message)
    }
}

/// Whether two tags are the same, in a time that does not depend on where they differ.
#[must_use]
pub fn same(left: &[u8; 32], right: &[u8]) -> bool {
    left.as_slice().ct_eq(right).into()
}

fn tag(key: &hmac::Key, message: &[u8]) -> [u8; 32] {
    let mut tag = [0; 32];
    for (to, from) in tag.iter_mut().zip(hmac::sign(key, message).as_ref()) {
        *to = *from;
    }
    tag
}

fn halved(tag: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(tag) {
        *to = from;
    }
    half
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::keyring::tests::provider;
    use crate::secret::assert_hidden;

    #[tokio::test]
    async fn a_tag_is_stable_and_belongs_to_one_root_key() {
        let (ours, theirs) = (provider(81), provider(82));
        let first = KeyedHash::derive(ours.as_ref()).await.unwrap();
        let again = KeyedHash::derive(ours.as_ref()).await.unwrap();
        let other = KeyedHash::derive(theirs.as_ref()).await.unwrap();
        assert_eq!(first.address_tag("ada@example.org"), again.address_tag("ada@example.org"));
        assert_ne!(first.address_tag("ada@example.org"), first.address_tag("bob@example.org"));
        assert_ne!(first.address_tag("ada@example.org"), other.address_tag("ada@example.org"));
        let key = ours.derive_key(b"bailiwick address tag v1").await.unwrap();
        assert_hidden(&first, key.expose());
    }

    #[tokio::test]
    async fn an_ip_tag_is_the_tenants_own_and_knows_mapped_addresses() {
        let hash = KeyedHash::derive(provider(81).as_ref()).await.unwrap();
        let (acme, globex) = ([1; 16], [2; 16]);
        let ip = |text: &str| text.parse().unwrap();
        assert_eq!(hash.ip_tag(&acme, ip("203.0.113.7")), hash.ip_tag(&acme, ip("::ffff:203.0.113.7")));
        assert_ne!(hash.ip_tag(&acme, ip("203.0.113.7")), hash.ip_tag(&globex, ip("203.0.113.7")));
        assert_ne!(hash.ip_tag(&acme, ip("203.0.113.7")), hash.ip_tag(&acme, ip("203.0.113.8")));
        assert_ne!(hash.ip_tag(&acme, ip("203.0.113.7")), hash.ip_tag(&acme, ip("::203.0.113.7")));
    }

    #[tokio::test]
    async fn whoever_has_a_64_is_one_source() {
        let hash = KeyedHash::derive(provider(81).as_ref()).await.unwrap();
        let tag = |text: &str| hash.ip_tag(&[1; 16], text.parse().unwrap());
        for (one, other, same) in [
            ("2001:db8:1:2::1", "2001:db8:1:2::2", true),
            ("2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("2001:db8:1:2::1", "2001:db9:1:2::1", false),
            ("2001:db8:1:2:8000::", "2001:db8:1:2:7fff::", true),
            ("203.0.113.7", "203.0.113.6", false),
            ("::ffff:203.0.113.7", "::ffff:203.0.113.6", false),
        ] {
            assert_eq!(tag(one) == tag(other), same, "{one} {other}");
        }
    }

    #[tokio::test]
    async fn an_image_is_sealed_as_that_of_one_thing_at_one_revision() {
        let hash = KeyedHash::derive(provider(81).as_ref()).await.unwrap();
        let seal = hash.image_seal(&[1; 16], "role", &[2; 16], 128, &[3; 32], b"{}");
        assert_eq!(seal, hash.image_seal(&[1; 16], "role", &[2; 16], 128, &[3; 32], b"{}"));
        for other in [
            hash.image_seal(&[9; 16], "role", &[2; 16], 128, &[3; 32], b"{}"),
            hash.image_seal(&[1; 16], "team", &[2; 16], 128, &[3; 32], b"{}"),
            hash.image_seal(&[1; 16], "role", &[9; 16], 128, &[3; 32], b"{}"),
            hash.image_seal(&[1; 16], "role", &[2; 16], 256, &[3; 32], b"{}"),
            hash.image_seal(&[1; 16], "role", &[2; 16], 128, &[9; 32], b"{}"),
            hash.image_seal(&[1; 16], "role", &[2; 16], 128, &[3; 32], b"{ }"),
        ] {
            assert_ne!(seal, other);
        }
    }

    #[tokio::test]
    async fn a_code_is_good_for_its_own_request_and_a_digest_for_its_own_change() {
        let hash = KeyedHash::derive(provider(81).as_ref()).await.unwrap();
        let code = Code::parse("12345678").unwrap();
        let stored = hash.code_tag(&[1; 16], &[2; 16], &code);
        assert!(same(&stored, &hash.code_tag(&[1; 16], &[2; 16], &Code::parse("1234 5678").unwrap())));
        for other in [
            hash.code_tag(&[2; 16], &[2; 16], &code),
            hash.code_tag(&[1; 16], &[3; 16], &code),
            hash.code_tag(&[1; 16], &[2; 16], &Code::parse("12345679").unwrap()),
            hash.change_digest(b"12345678"),
        ] {
            assert!(!same(&stored, &other));
        }
        assert!(!same(&stored, stored.get(..31).unwrap()));
        assert_ne!(hash.change_digest(b"{}"), hash.change_digest(b"[]"));
        // So are its fingerprints of secrets.
        let print = hash.secret_fingerprint(&[1; 16], b"sk_live");
        assert_eq!(print, hash.secret_fingerprint(&[1; 16], b"sk_live"));
        assert_ne!(print, hash.secret_fingerprint(&[2; 16], b"sk_live"));
        assert_ne!(print, hash.secret_fingerprint(&[1; 16], b"sk_livf"));
        // A tenant's tags of events are its own.
        assert_ne!(hash.event_key_tag(&[1; 16], "a"), hash.event_key_tag(&[2; 16], "a"));
        assert_ne!(hash.event_payload_tag(&[1; 16], b"{}"), hash.event_payload_tag(&[1; 16], b"[]"));
    }

    #[tokio::test]
    async fn the_tag_of_a_head_leads_its_own_installation_to_the_tenant_and_nobody_else() {
        let (ours, theirs) = (provider(81), provider(82));
        let (ours, theirs) = (
            KeyedHash::derive(ours.as_ref()).await.unwrap(),
            KeyedHash::derive(theirs.as_ref()).await.unwrap(),
        );
        for tenant in [[0; 16], [1; 16], [0xff; 16]] {
            let tag = ours.head_tag(&tenant);
            assert_eq!((ours.tenant_of_head(&tag), theirs.tenant_of_head(&tag)), (Some(tenant), None));
            assert_eq!(tag, ours.head_tag(&tenant));
            assert_ne!(tag, theirs.head_tag(&tenant));
            for place in 0..32 {
                let mut other = tag;
                other[place] ^= 1;
                assert_eq!(ours.tenant_of_head(&other), None, "{place}");
            }
        }
        assert_ne!(ours.head_tag(&[0; 16])[..16], ours.head_tag(&[1; 16])[..16]);
        assert_ne!(ours.head_tag(&[0; 16])[16..], ours.head_tag(&[1; 16])[16..]);
    }

    proptest::proptest! {
        #[test]
        fn an_ipv6_tag_depends_on_the_first_64_bits_alone(bits: u128, host: u64, flipped in 64..127_u32) {
            // What lies in ::ffff:0:0/96 is an IPv4 address, which is exact.
            let bits = bits | 1 << 127;
            let key = || hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
            let hash = KeyedHash {
                address: key(), ip: key(), step_up: key(), carried: key(), device: key(), event: key(), head: key(), image: key(), secret: key(),
            };
            let tag = |bits: u128| hash.ip_tag(&[1; 16], IpAddr::V6(bits.into()));
            proptest::prop_assert_eq!(tag(bits), tag(bits >> 64 << 64 | u128::from(host)));
            proptest::prop_assert_ne!(tag(bits), tag(bits ^ 1 << flipped));
        }
    }
}
