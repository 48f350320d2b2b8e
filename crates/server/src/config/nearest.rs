//! The key that somebody probably meant.

use strsim::damerau_levenshtein;

use super::{key::AnyKey, keys::ALL};

/// The key whose path is nearest to `written`, which may lack its section.
pub(crate) fn nearest(written: &str) -> Option<&'static dyn AnyKey> {
    let written = written.to_lowercase();
    ALL.iter().copied().min_by_key(|key| distance(&written, *key))
}

fn distance(written: &str, key: &dyn AnyKey) -> usize {
    let whole = damerau_levenshtein(written, key.path());
    let last = written.rsplit('.').next().unwrap_or(written);
    // The right name in a wrong section counts as one slip more.
    whole.min(damerau_levenshtein(last, key.name()).saturating_add(1))
}

/// Whether `written` is so near to a key that nothing else can have been meant.
pub(crate) fn is_slip(written: &str, key: &dyn AnyKey) -> bool {
    let written = written.to_lowercase();
    damerau_levenshtein(&written, key.path()) <= 2 || written == key.name()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn operator_is_shown_the_key_they_meant() {
        let slips = [
            ("server.lisen", "server.listen"),
            ("sever.listen", "server.listen"),
            ("listen", "server.listen"),
            ("log.levle", "log.level"),
            ("database.uri", "database.url"),
            ("server.trusted_proxy", "server.trusted_proxies"),
            ("audit.signing_interval_ms", "audit.sign_every_ms"),
            ("server.root_key", "keys.root_key"),
            ("SERVER.LISTEN", "server.listen"),
        ];
        for (written, meant) in slips {
            assert_eq!(nearest(written).unwrap().path(), meant, "{written}");
        }
    }
}
