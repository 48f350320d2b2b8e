//! The text of a root key file.
//!
//! ```text
//! # Comment lines are ignored.
//! bailiwick-root-key v1
//! id file:<32 hexadecimal digits>
//! key <44 characters of base64: 32 bytes>
//! check <16 hexadecimal digits>
//! ```
//!
//! The file of a root key that succeeds another one is of version 2, with a line `derives <44 characters of base64>` before the last:
//! what keys for tags were derived from before goes on deriving them.
//!
//! `id` follows from the key (HKDF), so a key pasted under another id is noticed; `check` is the start of the
//! SHA-256 of the lines above it, so a damaged file is told apart from a wrong one.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf;
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use super::KeyId;
use crate::aead::Refused;
use crate::secret::KeyBytes;

const NAME: &str = "bailiwick-root-key";
const HEADER: &str = "bailiwick-root-key v1";
const SUCCESSOR: &str = "bailiwick-root-key v2";
const COMMENT: &str = "\
# Root key of this installation. Whoever reads it can read every secret stored here; without it none can be read.
# Keep it at mode 0600 and keep a copy offline, apart from the backups of the database.
";

/// What is wrong with the text, without any of it. Lines count from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    NotARootKey,
    Version,
    Line { number: usize, wanted: &'static str },
    Surplus { number: usize },
    Check,
    Id,
}

/// What a file holds.
pub(super) struct Held {
    pub(super) root: KeyBytes,
    pub(super) id: KeyId,
    /// What other keys are derived from, where that came from another root key.
    pub(super) deriving: Option<KeyBytes>,
}

/// Writes the text of the file for `root`; `deriving` came from the root key before it.
pub(super) fn write(root: &KeyBytes, deriving: Option<&KeyBytes>) -> Result<Zeroizing<String>, Refused> {
    let id = key_id(root)?;
    let key = Zeroizing::new(BASE64_STANDARD.encode(root.expose()));
    let derives = deriving.map(|deriving| Zeroizing::new(BASE64_STANDARD.encode(deriving.expose())));
    let derives = derives.as_ref().map(|text| text.as_str());
    let check = check(id.as_str(), &key, derives);
    // Sized for the whole text, so that it never moves and leaves a copy of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(512));
    let header = if derives.is_some() { SUCCESSOR } else { HEADER };
    for piece in [COMMENT, header, "\nid ", id.as_str(), "\nkey ", &key] {
        text.push_str(piece);
    }
    if let Some(derives) = derives {
        text.push_str("\nderives ");
        text.push_str(derives);
    }
    for piece in ["\ncheck ", &check, "\n"] {
        text.push_str(piece);
    }
    Ok(text)
}

/// Reads what a file holds, accepting nothing that [`write`] could not have written, except comments and line ends.
pub(super) fn parse(text: &str) -> Result<Held, Flaw> {
    let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#') && !line.is_empty());
    let (header, _) = lines.next().ok_or(Flaw::NotARootKey)?;
    if ![HEADER, SUCCESSOR].contains(&header) {
        let ours = header.strip_prefix(NAME).is_some_and(|rest| rest.starts_with(" v"));
        return Err(if ours { Flaw::Version } else { Flaw::NotARootKey });
    }
    let mut last = 1;
    let mut field = |name: &'static str| {
        let (line, number) = lines.next().ok_or(Flaw::Line { number: last + 1, wanted: name })?;
        last = number;
        let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        Ok((value.ok_or(Flaw::Line { number, wanted: name })?, number))
    };
    let (id, _) = field("id")?;
    let (key, key_line) = field("key")?;
    let derives = if header == SUCCESSOR { Some(field("derives")?) } else { None };
    let (found, _) = field("check")?;
    if let Some((_, number)) = lines.next() {
        return Err(Flaw::Surplus { number });
    }
    if found != check(id, key, derives.map(|(text, _)| text)) {
        return Err(Flaw::Check);
    }
    let root = decode(key).ok_or(Flaw::Line { number: key_line, wanted: "key" })?;
    let deriving = match derives {
        Some((text, number)) => Some(decode(text).ok_or(Flaw::Line { number, wanted: "derives" })?),
        None => None,
    };
    let expected = key_id(&root).map_err(|Refused| Flaw::Id)?;
    if expected.as_str() != id {
        return Err(Flaw::Id);
    }
    Ok(Held { root, id: expected, deriving })
}

fn decode(text: &str) -> Option<KeyBytes> {
    KeyBytes::copy_from(&BASE64_STANDARD.decode(text).map(Zeroizing::new).ok()?)
}

/// The public name of a root key: half of an HKDF output that serves nothing else.
fn key_id(root: &KeyBytes) -> Result<KeyId, Refused> {
    let derived = derive(root, &[b"bailiwick root key id v1"])?;
    let name = derived.expose().first_chunk::<16>().map(hex::encode).ok_or(Refused)?;
    Ok(KeyId(format!("file:{name}")))
}

fn check(id: &str, key: &str, derives: Option<&str>) -> String {
    let covered = Zeroizing::new(match derives {
        None => [HEADER, "\nid ", id, "\nkey ", key, "\n"].concat(),
        Some(derives) => [SUCCESSOR, "\nid ", id, "\nkey ", key, "\nderives ", derives, "\n"].concat(),
    });
    digest(&SHA256, covered.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// HKDF-SHA-256 (RFC 5869) of a 256-bit key; the pieces of `info` are joined, so all but the last have a
/// fixed length.
pub(super) fn derive(key: &KeyBytes, info: &[&[u8]]) -> Result<KeyBytes, Refused> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"bailiwick root key v1").extract(key.expose());
    let mut derived = KeyBytes::zeroed();
    extracted
        .expand(info, hkdf::HKDF_SHA256)
        .and_then(|output| output.fill(derived.expose_mut()))
        .map_err(|_| Refused)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;

    fn sample() -> (KeyBytes, String) {
        let root = KeyBytes::random(&SeededEntropy::new(11));
        let text = write(&root, None).unwrap().to_string();
        (root, text)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (root, text) = sample();
        let Held { root: read, id, deriving } = parse(&text).unwrap();
        assert_eq!(read.expose(), root.expose());
        assert!(deriving.is_none());
        assert!(id.as_str().starts_with("file:") && id.as_str().len() == 37);
        assert!(text.len() <= 512, "the buffer never grows: {}", text.len());
        assert!(parse(&text.replace('\n', "\r\n")).is_ok(), "an editor's line ends do no harm");
    }

    #[test]
    fn a_successor_carries_what_its_predecessor_derived_from() {
        let (root, first) = sample();
        let deriving = KeyBytes::random(&SeededEntropy::new(13));
        let text = write(&root, Some(&deriving)).unwrap().to_string();
        assert!(text.len() <= 512, "the buffer never grows: {}", text.len());
        let held = parse(&text).unwrap();
        assert_eq!(held.deriving.unwrap().expose(), deriving.expose());
        assert_eq!(held.id, parse(&first).unwrap().id, "the name is of the root key alone");
        // Neither version passes for the other.
        assert_eq!(
            parse(&text.replace("key v2", "key v1")).err(),
            Some(Flaw::Line { number: 6, wanted: "check" })
        );
        assert_eq!(
            parse(&first.replace("key v1", "key v2")).err(),
            Some(Flaw::Line { number: 6, wanted: "derives" })
        );
        let other = BASE64_STANDARD.encode(KeyBytes::random(&SeededEntropy::new(14)).expose());
        let swapped = text.replace(&BASE64_STANDARD.encode(deriving.expose()), &other);
        assert_eq!(parse(&swapped).err(), Some(Flaw::Check));
    }

    #[test]
    fn each_flaw_has_its_own_name() {
        let (_, text) = sample();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let (_, other) = {
            let root = KeyBytes::random(&SeededEntropy::new(12));
            let text = write(&root, None).unwrap().to_string();
            (root, text)
        };
        let other_id = other.lines().find(|line| line.starts_with("id ")).unwrap();
        assert_eq!(parse("").err(), Some(Flaw::NotARootKey));
        assert_eq!(parse("-----BEGIN PRIVATE KEY-----").err(), Some(Flaw::NotARootKey));
        assert_eq!(parse(&text.replace("key v1", "key v3")).err(), Some(Flaw::Version));
        assert_eq!(parse(&text.replace("key v1", "key v12")).err(), Some(Flaw::Version));
        let cut = text.replace(&format!("{}\n", line("check")), "");
        assert_eq!(parse(&cut).err(), Some(Flaw::Line { number: 6, wanted: "check" }));
        let renamed = text.replace("\nkey ", "\nkay ");
        assert_eq!(parse(&renamed).err(), Some(Flaw::Line { number: 5, wanted: "key" }));
        assert_eq!(parse(&format!("{text}more\n")).err(), Some(Flaw::Surplus { number: 7 }));
        assert_eq!(parse(&text.replace(&line("id"), other_id)).err(), Some(Flaw::Check));
        let forged_id = other_id.strip_prefix("id ").unwrap();
        let key = line("key");
        let forged = check(forged_id, key.strip_prefix("key ").unwrap(), None);
        let forged = text.replace(&line("id"), other_id).replace(&line("check"), &format!("check {forged}"));
        assert_eq!(parse(&forged).err(), Some(Flaw::Id));
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_noticed(at in 0_usize..512, to in any::<u8>()) {
            let (_, text) = sample();
            let start = text.find(HEADER).unwrap();
            let mut bytes = text.clone().into_bytes();
            let at = start + at % (bytes.len() - start - 1);
            prop_assume!(bytes.get(at) != Some(&to) && to.is_ascii());
            *bytes.get_mut(at).unwrap() = to;
            // A carriage return in front of a line end is an editor's line end; no other change passes.
            let altered = String::from_utf8(bytes).unwrap();
            prop_assert!(parse(&altered).is_err());
        }

        #[test]
        fn any_text_is_parsed_without_a_panic(text in ".{0,300}") {
            prop_assert!(parse(&text).is_err());
        }
    }
}
