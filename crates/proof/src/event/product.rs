//! The ids of the guarded product's own things, which are texts of its own choosing.
//!
//! Everything of ours has a UUID, and tables are keyed by it. A product names its things and people as it likes, so an event
//! says the product's text, and everything that is keyed by a UUID uses one that follows from that text. Whoever has the event
//! can compute it, so nothing has to be believed about it.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// What the types of a product's entities begin with; no type of ours does.
pub const NAMESPACE: &str = "app.";

/// The kind of an actor that the product names.
pub const ACTOR: &str = "product";

/// Whether the ids of this kind are a product's own texts.
#[must_use]
pub fn is_product(kind: &str) -> bool {
    kind == ACTOR || kind.starts_with(NAMESPACE)
}

/// The UUID that stands for a product's id: the first sixteen octets of
/// `SHA-256("bailiwick product id v1" ‖ 0x00 ‖ kind ‖ 0x00 ‖ id)` with the version and variant of a UUIDv8 (RFC 9562 §5.8).
///
/// A kind holds no zero octet, so no two names give the same input.
#[must_use]
pub fn id_of(kind: &str, id: &str) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"bailiwick product id v1\0");
    hasher.update(kind);
    hasher.update([0]);
    hasher.update(id);
    let digest: [u8; 32] = hasher.finalize().into();
    let mut octets = [0; 16];
    octets.iter_mut().zip(digest).for_each(|(slot, octet)| *slot = octet);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut octets;
    *version = *version & 0x0f | 0x80;
    *variant = *variant & 0x3f | 0x80;
    octets
}

/// What an id is keyed by: a product's by the text of its UUID, any other by itself.
#[must_use]
pub fn key_of<'a>(kind: &str, id: &'a str) -> Cow<'a, str> {
    if is_product(kind) { Cow::Owned(hyphenated(&id_of(kind, id))) } else { Cow::Borrowed(id) }
}

/// A UUID as it is written: 36 characters in lower case.
fn hyphenated(octets: &[u8; 16]) -> String {
    let mut text = hex::encode(octets);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_of_a_product_is_a_uuid_of_version_8() {
        let id = key_of("app.plan", "PL-42");
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes().get(14), Some(&b'8'), "{id}");
        assert!(matches!(id.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b')), "{id}");
        let digits: String = id.chars().filter(|c| *c != '-').collect();
        assert_eq!(hex::decode(digits).ok(), Some(id_of("app.plan", "PL-42").to_vec()));
    }

    #[test]
    fn id_of_a_product_is_the_documented_hash() {
        let digest = Sha256::digest(b"bailiwick product id v1\0app.plan\0PL-42");
        let id = id_of("app.plan", "PL-42");
        assert!(id.iter().zip(&digest).enumerate().all(|(place, (a, b))| a == b || [6, 8].contains(&place)));
    }

    #[test]
    fn kind_and_id_cannot_be_shifted_into_each_other() {
        assert_ne!(id_of("app.a", "bc"), id_of("app.ab", "c"));
        assert_ne!(id_of("app.plan", "1"), id_of("app.claim", "1"));
        assert_ne!(id_of(ACTOR, "1"), id_of("app.product", "1"));
    }

    #[test]
    fn ids_of_our_own_stand_for_themselves() {
        let id = "01930000-0000-7000-8000-00000000000e";
        assert_eq!(key_of("user", id), id);
        assert_ne!(key_of("app.user", id), id, "whatever the product's id looks like");
    }
}
