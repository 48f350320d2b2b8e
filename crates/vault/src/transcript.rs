//! One unambiguous byte string out of several fields.

/// A label and fields, each led by its length as 8 bytes big-endian.
///
/// Lengths make the encoding injective: no two different lists of fields give the same bytes, so associated
/// data built from it cannot be re-read as other fields.
pub(crate) struct Transcript(Vec<u8>);

impl Transcript {
    pub(crate) fn new(label: &str) -> Self {
        Self(Vec::with_capacity(160)).field(label.as_bytes())
    }

    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(fields: &[Vec<u8>]) -> Vec<u8> {
        fields.iter().fold(Transcript::new("t"), |all, field| all.field(field)).finish()
    }

    #[test]
    fn a_byte_cannot_move_from_one_field_to_its_neighbour() {
        assert_ne!(encode(&[b"ab".to_vec(), b"c".to_vec()]), encode(&[b"a".to_vec(), b"bc".to_vec()]));
        assert_ne!(encode(&[b"a".to_vec()]), encode(&[b"a".to_vec(), Vec::new()]));
    }

    proptest! {
        #[test]
        fn different_fields_never_encode_alike(
            left in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
            right in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
        ) {
            prop_assert_eq!(encode(&left) == encode(&right), left == right);
        }
    }
}
