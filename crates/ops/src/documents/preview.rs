//! A look at a version without saving it: of text its beginning, of pictures those that are small enough to be decoded.

use bailiwick_domain::{entity::DocumentVersion, ids::DocumentVersionId, rule::DownloadDocument};
use bailiwick_store::{Permit, Store};

use super::{Cabinet, media, note_download, reading};
use crate::{Error, Result};

/// Octets of text that are shown.
const MOST_TEXT: u64 = 256 * 1024;
/// Octets of a picture that is shown.
const MOST_PICTURE: u64 = 8 * 1024 * 1024;
/// Width, and height, of a picture that is shown; and how many pixels it has. A small file can say that it is huge.
const MOST_SIDE: u32 = 16_384;
const MOST_PIXELS: u64 = 40_000_000;

const NONE: Error = Error::Conflict("There is no preview of this version. Download it.");

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its media type: text, or one of three kinds of pictures.
    pub media: &'static str,
    /// The octets.
    pub octets: Vec<u8>,
}

/// Whether a preview is worth offering. A picture may still turn out to be too large.
pub fn is_shown(version: &DocumentVersion) -> bool {
    limit(version).is_some()
}

/// The media type as it is served, and how many octets are read.
fn limit(version: &DocumentVersion) -> Option<(&'static str, u64)> {
    let octets = version.octets.unsigned_abs();
    let picture = |media| (octets <= MOST_PICTURE).then_some((media, octets));
    match version.media.as_str() {
        media::TEXT => Some(("text/plain; charset=utf-8", octets.min(MOST_TEXT))),
        "image/png" => picture("image/png"),
        "image/jpeg" => picture("image/jpeg"),
        "image/webp" => picture("image/webp"),
        _ => None,
    }
}

/// The preview of a version. It is recorded as a download: whoever sees it has read it.
///
/// # Errors
/// `NotFound`; `Conflict` where there is none, and for a damaged version.
pub async fn preview(
    store: &Store,
    permit: &Permit<DownloadDocument>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
) -> Result<Preview> {
    let (_, version) = super::find(store, permit, id).await?;
    let (media, until) = limit(&version).ok_or(NONE)?;
    let (mut reading, mut octets) = reading(store, permit, cabinet, id, (0, until)).await?;
    loop {
        match reading.next().await {
            Ok(Some(more)) => octets.extend_from_slice(&more),
            Ok(None) => break,
            Err(unread) => return Err(super::read::refused(store, permit, id, unread).await),
        }
    }
    if media.starts_with("image/") {
        let (width, height) = size(&octets).ok_or(NONE)?;
        let pixels = u64::from(width) * u64::from(height);
        if width == 0 || height == 0 || width > MOST_SIDE || height > MOST_SIDE || pixels > MOST_PIXELS {
            return Err(NONE);
        }
    } else if let Err(error) = std::str::from_utf8(&octets) {
        // A letter that is cut where the preview ends goes; other octets are no text.
        octets.truncate(error.valid_up_to());
    }
    note_download(store, permit, id).await?;
    Ok(Preview { media, octets })
}

/// Width and height as the head of a picture says; nothing where it cannot be read.
fn size(octets: &[u8]) -> Option<(u32, u32)> {
    let at = |from: usize, length: usize| octets.get(from..from.checked_add(length)?);
    if octets.starts_with(b"\x89PNG\r\n\x1a\n") {
        // The first chunk is always the header (PNG, third edition, 11.2.1).
        let side = |from| at(from, 4)?.try_into().ok().map(u32::from_be_bytes);
        return (at(12, 4)? == b"IHDR").then_some((side(16)?, side(20)?));
    }
    if octets.starts_with(b"\xff\xd8") {
        return jpeg(octets);
    }
    // RFC 9649, 2.5 to 2.7.
    let little = |from, length| {
        at(from, length)?.iter().rev().try_fold(0_u32, |value, octet| Some(value << 8 | u32::from(*octet)))
    };
    match at(12, 4)? {
        b"VP8X" => Some((little(24, 3)? + 1, little(27, 3)? + 1)),
        b"VP8L" => {
            let bits = little(21, 4)?;
            (at(20, 1)? == b"\x2f").then_some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => {
            (at(23, 3)? == b"\x9d\x01\x2a").then_some((little(26, 2)? & 0x3fff, little(28, 2)? & 0x3fff))
        }
        _ => None,
    }
}

/// Goes along the segments to the frame header (ITU-T T.81, B.2.2).
fn jpeg(octets: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2_usize;
    loop {
        let marker = octets.get(at..at.checked_add(2)?)?;
        let (0xff, kind) = (*marker.first()?, *marker.last()?) else { return None };
        if kind == 0xff {
            at += 1;
            continue;
        }
        let word = |from: usize| {
            octets.get(from..from.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes).map(u32::from)
        };
        if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
            return Some((word(at + 7)?, word(at + 5)?));
        }
        let length = word(at + 2)?;
        if length < 2 {
            return None;
        }
        at = at.checked_add(2)?.checked_add(usize::try_from(length).ok()?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_picture_says_how_large_it_is() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend_from_slice(&[0, 0, 2, 0, 0, 0, 1, 0]);
        assert_eq!(size(&png), Some((512, 256)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x01\x00\x02\x00";
        assert_eq!(size(jpeg), Some((512, 256)));
        let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        webp.extend_from_slice(&[0xff, 1, 0, 0xff, 0, 0]);
        assert_eq!(size(&webp), Some((512, 256)));
        let mut lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f".to_vec();
        lossless.extend_from_slice(&(511_u32 | 255 << 14).to_le_bytes());
        assert_eq!(size(&lossless), Some((512, 256)));
        let mut lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a".to_vec();
        lossy.extend_from_slice(&[0, 2, 0, 1]);
        assert_eq!(size(&lossy), Some((512, 256)));
    }

    #[test]
    fn what_is_cut_or_says_nonsense_has_no_size() {
        for octets in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0\0\0", b"\xff\xd8\xff", b"RIFF", b""] {
            assert_eq!(size(octets), None, "{octets:?}");
        }
    }
}
