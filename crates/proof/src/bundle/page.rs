//! The page around the data: what shows and checks it in a browser, from a disk and without a network.
//!
//! It is the same for every bundle of a version of this program, octet by octet. Its policy allows the one script and the one
//! style that are in it, by their hashes, and nothing that would speak to anybody.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{Bundle, MAX_BUNDLE_BYTES, MakeError, data};
use crate::hash::Hash;

/// What begins the data block.
pub(super) const OPEN: &str = "<script type=\"application/json\" id=\"bundle\">";
/// What ends it.
pub(super) const CLOSE: &str = "</script>";

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
/// Hashes and signatures, the checks, and what is seen of them; each knows those before it.
const SCRIPTS: [&str; 4] = [
    include_str!("page/hash.js"),
    include_str!("page/curve.js"),
    include_str!("page/check.js"),
    include_str!("page/show.js"),
];

/// The page of this version, in front of the data and behind it.
struct Around {
    before: String,
    after: String,
    hash: Hash,
}

static AROUND: LazyLock<Around> = LazyLock::new(|| {
    let script = SCRIPTS.concat();
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(&script)),
        STANDARD.encode(Sha256::digest(STYLE))
    );
    let (before, after) = PAGE.split_once("<!-- data -->").unwrap_or((PAGE, ""));
    let before = before.replace("<!-- policy -->", &policy).replace("/* style */", STYLE);
    let after = after.replace("/* script */", &script);
    let hash = page_hash(&before, &after);
    Around { before, after, hash }
});

/// The hash of a page around data: SHA-256 of what stands in front of the data block, a zero octet, and what stands behind it.
#[must_use]
pub fn page_hash(before: &str, after: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update([0]);
    hasher.update(after);
    Hash(hasher.finalize().into())
}

/// The hash of the page that this version writes around its data.
#[must_use]
pub fn own_page() -> Hash {
    AROUND.hash
}

/// Writes a bundle as one file, with the page of this version around it: [`own_page`] has to be what its manifest says.
///
/// # Errors
/// A file that would be longer than is read.
pub fn write(bundle: &Bundle) -> Result<String, MakeError> {
    let data = data::block(bundle);
    let Around { before, after, .. } = &*AROUND;
    let length = before.len() + OPEN.len() + data.len() + CLOSE.len() + after.len();
    if length > MAX_BUNDLE_BYTES {
        return Err(MakeError::TooLong);
    }
    Ok([before.as_str(), OPEN, data.as_str(), CLOSE, after.as_str()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_allows_its_own_script_and_style_and_nobody_else() {
        let Around { before, after, .. } = &*AROUND;
        let of = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let style = before.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
        assert!(style.is_some_and(|(style, _)| before.contains(&format!("style-src {}", of(style)))));
        let script = after.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>"));
        assert!(script.is_some_and(|(script, _)| before.contains(&format!("script-src {};", of(script)))));
        let whole = [before.as_str(), after].concat();
        for never in
            ["<!-- ", "/* s", OPEN, "http://", "https://", "style=\"", "innerHTML", "eval(", " onclick"]
        {
            assert!(!whole.contains(never), "{never}");
        }
        assert_eq!(after.matches(CLOSE).count(), 1, "the script ends where it should");
    }

    #[test]
    fn a_file_that_was_cut_off_does_not_claim_that_anything_is_checked() {
        let Around { before, after, .. } = &*AROUND;
        // It stands in front of the data, so that it is seen wherever the file ends.
        assert!(before.contains("id=\"unchecked\"") && before.contains("Nothing in this file was checked."));
        let markup = after.split_once("<script>").map_or("", |(markup, _)| markup);
        assert!(markup.contains("Nothing was checked.") && !markup.contains("being checked"), "{markup}");
    }
}
