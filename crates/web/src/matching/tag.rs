//! Validators as text.

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// The validator of what is shown: its revision, where it has one, and sixteen digits of the digest.
pub(super) fn tag(revision: Option<i64>, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let short = hex::encode(digest.get(..8).unwrap_or_default());
    match revision {
        Some(revision) => format!("\"{revision}-{short}\""),
        None => format!("\"{short}\""),
    }
}

/// Whether somebody has it already: the weak comparison, which does not matter where there are only strong ones.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, &header::IF_NONE_MATCH)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// The revisions that a change names in `If-Match`; nothing where it names none, and where it takes whatever is there. Weak ones and
/// others that are none of ours fit nothing.
pub(crate) fn expected(headers: &HeaderMap) -> Option<Vec<i64>> {
    if !headers.contains_key(header::IF_MATCH) || tags(headers, &header::IF_MATCH).any(|tag| tag == "*") {
        return None;
    }
    Some(tags(headers, &header::IF_MATCH).filter_map(revision).collect())
}

fn revision(tag: &str) -> Option<i64> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let (revision, digest) = inner.split_once('-')?;
    let plain = revision.bytes().all(|byte| byte.is_ascii_digit());
    let whole = digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    revision.parse().ok().filter(|_| plain && whole)
}

/// None of ours has a comma in it.
fn tags<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_change_names_revisions_or_whatever_is_there() {
        let of = |values: &[&str]| expected(&headers(&header::IF_MATCH, values));
        let tag = tag(Some(7), b"{}");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["*"]), None);
        assert_eq!(of(&[&tag]), Some(vec![7]));
        assert_eq!(of(&[&format!("\"x\", {tag}"), "\"8-0000000000000000\""]), Some(vec![7, 8]));
        for none in [
            &format!("W/{tag}"),
            "",
            "7",
            "\"7\"",
            "\"-7-0000000000000000\"",
            "\"+7-0000000000000000\"",
            "\"7-00\"",
        ] {
            assert_eq!(of(&[none]), Some(vec![]), "{none}");
        }
    }

    #[test]
    fn whoever_has_it_is_told_so() {
        let tag = tag(None, b"{}");
        let has = |values: &[&str]| has(&headers(&header::IF_NONE_MATCH, values), &tag);
        assert!(has(&["*"]) && has(&[&tag]) && has(&[&format!("W/{tag}")]) && has(&["\"a\"", &tag]));
        assert!(!has(&[]) && !has(&["\"a\""]) && !has(&[tag.trim_matches('"')]));
    }
}
