//! What a document is, by what it begins with. What its sender says is not asked.

/// Media type, where its mark lies, and the mark. The first that fits counts.
const MARKS: &[(&str, usize, &[u8])] = &[
    ("application/pdf", 0, b"%PDF-"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF87a"),
    ("image/gif", 0, b"GIF89a"),
    ("image/webp", 8, b"WEBPVP8"),
    ("image/tiff", 0, b"II*\0"),
    ("image/tiff", 0, b"MM\0*"),
    ("image/bmp", 0, b"BM"),
    ("image/heic", 4, b"ftypheic"),
    ("image/avif", 4, b"ftypavif"),
    ("video/mp4", 4, b"ftyp"),
    ("video/webm", 0, b"\x1a\x45\xdf\xa3"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/ogg", 0, b"OggS"),
    ("audio/flac", 0, b"fLaC"),
    ("audio/wav", 8, b"WAVE"),
    ("application/zip", 0, b"PK\x03\x04"),
    ("application/zip", 0, b"PK\x05\x06"),
    ("application/gzip", 0, b"\x1f\x8b\x08"),
    ("application/zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("application/x-xz", 0, b"\xfd7zXZ\0"),
    ("application/x-bzip2", 0, b"BZh"),
    ("application/x-7z-compressed", 0, b"7z\xbc\xaf\x27\x1c"),
    ("application/vnd.rar", 0, b"Rar!\x1a\x07"),
    ("application/x-tar", 257, b"ustar"),
    ("application/x-ole-storage", 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("application/rtf", 0, b"{\\rtf"),
    ("application/vnd.sqlite3", 0, b"SQLite format 3\0"),
    ("application/vnd.apache.parquet", 0, b"PAR1"),
    ("application/x-elf", 0, b"\x7fELF"),
    ("application/vnd.microsoft.portable-executable", 0, b"MZ"),
    ("application/wasm", 0, b"\0asm"),
    ("font/woff2", 0, b"wOF2"),
];

/// Octets of the beginning that are looked at.
const HEAD: usize = 8 * 1024;

/// What it is if nothing says more.
pub(super) const UNKNOWN: &str = "application/octet-stream";
/// What reads as text. Markup and scripts are text as well: nothing is ever run of it.
pub(super) const TEXT: &str = "text/plain";

/// The media type of what begins with these octets.
pub(super) fn sniff(begins: &[u8]) -> &'static str {
    let head = begins.get(..HEAD).unwrap_or(begins);
    let fits = |at: usize, mark: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(mark));
    let marked = MARKS.iter().find(|(_, at, mark)| fits(*at, mark)).map(|(media, ..)| *media);
    marked.unwrap_or_else(|| if is_text(head) { TEXT } else { UNKNOWN })
}

/// Whether it is UTF-8 without control characters. The last letter may be cut where the head ends.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() == HEAD => head
            .get(..error.valid_up_to())
            .and_then(|whole| std::str::from_utf8(whole).ok())
            .unwrap_or_default(),
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_it_begins_with() {
        for (begins, media) in [
            (&b"%PDF-1.7\n"[..], "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"PK\x03\x04\x14\0", "application/zip"),
            (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
            (b"<!doctype html><script>alert(1)</script>", TEXT),
            ("Grüße\r\n".as_bytes(), TEXT),
            (b"\x89PNG\r\n\x1a", UNKNOWN),
            (b"a\0b", UNKNOWN),
            (b"\xc3", UNKNOWN),
            (b"", UNKNOWN),
        ] {
            assert_eq!(sniff(begins), media, "{begins:?}");
        }
    }

    #[test]
    fn a_letter_that_the_head_cuts_is_still_text() {
        let mut long = "a".repeat(HEAD - 1);
        long.push_str("ü and more");
        assert_eq!(sniff(long.as_bytes()), TEXT);
        assert_eq!(sniff(&[&b"a".repeat(HEAD - 1)[..], b"\xff rest"].concat()), UNKNOWN);
    }
}
