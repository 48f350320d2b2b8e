//! The most used long passwords of the published rankings, as the beginnings of their hashes.
//!
//! OWASP ASVS 5.0, 6.2.4 asks for the 3,000 most used passwords that the policy would otherwise let through: rankings of all
//! passwords hold too few of twelve characters and more, so several are put together. `ranked.txt` holds one line for each, the
//! first 64 bits of SHA-256 of the password in lower case and without blanks, in hexadecimal, sorted. From:
//!
//! - the 100,000 most used passwords of Have I Been Pwned, as the United Kingdom's NCSC published them (2019);
//! - PWDB, the 100,000 most used of some thousand million leaked credentials (2020, MIT);
//! - the lists of leaked passwords of `zxcvbn` and `zxcvbn-ts` (MIT);
//! - `popular-passwords` 1.0.3 (MIT).
//!
//! Hashes, because nothing is gained by carrying the words themselves, and many of them are not for everybody's eyes.

use aws_lc_rs::digest::{SHA256, digest};

const RANKED: &str = include_str!("ranked.txt");

/// Hexadecimal digits of a line, and the line with its end.
const DIGITS: usize = 16;
const LINE: usize = DIGITS + 1;

/// Whether a password, in lower case and without blanks, is one of them.
pub(super) fn is_ranked(plain: &str) -> bool {
    let hash = digest(&SHA256, plain.as_bytes());
    let Some(front) = hash.as_ref().first_chunk() else { return false };
    let wanted = format!("{:016x}", u64::from_be_bytes(*front));
    let (lines, _) = RANKED.as_bytes().as_chunks::<LINE>();
    lines.binary_search_by(|line| line.iter().take(DIGITS).cmp(wanted.as_bytes())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_longer_than_asked_for_and_can_be_searched() {
        let lines: Vec<_> = RANKED.lines().collect();
        assert!(lines.len() > 5_000, "{}", lines.len());
        assert!(lines.is_sorted_by(|a, b| a < b));
        assert!(lines.iter().all(|line| line.len() == DIGITS && line.bytes().all(|b| b.is_ascii_hexdigit())));
        assert_eq!(RANKED.len(), lines.len() * LINE, "each line has its end");
    }

    #[test]
    fn passwords_from_either_end_of_the_list_are_found_and_no_others() {
        for ranked in [
            "characteristically",
            "expectations",
            "disrespectful",
            "cookiemonster",
            "prettyinpink",
            "realmadrid123",
        ] {
            assert!(is_ranked(ranked), "{ranked}");
        }
        for other in
            ["", "Cookiemonster", "cookiemonster ", "seven quiet lanterns", "nine brass lanterns adrift"]
        {
            assert!(!is_ranked(other), "{other}");
        }
    }
}
