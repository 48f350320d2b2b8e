//! The logs that a witness trusts.

use bailiwick_proof::checkpoint::VerifierKey;

/// Logs at most.
const LOGS: usize = 1_000;

/// The logs that a witness trusts: each by the beginning of its name, and by its key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trusted(Vec<(String, VerifierKey)>);

impl Trusted {
    /// Reads lines of `<origin> <verifier key>`; empty ones and those that begin with `#` are passed over. An origin stands for
    /// the log of that name, and for all whose name goes on after a slash.
    ///
    /// # Errors
    /// The number of the first line that is neither, from 1.
    pub(crate) fn parse(text: &str) -> Result<Self, usize> {
        let mut logs = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (origin, key) = line.split_once(' ').ok_or(number)?;
            let key: VerifierKey = key.trim().parse().map_err(|_| number)?;
            if logs.len() == LOGS {
                return Err(number);
            }
            logs.push((origin.trim_end_matches('/').to_owned(), key));
        }
        Ok(Self(logs))
    }

    /// The keys that may sign checkpoints of the log `origin`; none for a log that is not trusted.
    pub(crate) fn keys(&self, origin: &str) -> Vec<VerifierKey> {
        let named = |name: &str| {
            origin.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().filter(|(name, _)| named(name)).map(|(_, key)| key.clone()).collect()
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_origin_stands_for_its_own_logs_and_no_other() {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let trusted =
            Trusted::parse(&format!("# ours\n\na.example/tenant/1 {key}\nb.example {key}\n")).unwrap();
        assert_eq!(trusted.len(), 2);
        for (origin, known) in [
            ("a.example/tenant/1", true),
            ("a.example/tenant/1/epoch/2", true),
            ("a.example/tenant/11", false),
            ("a.example", false),
            ("b.example/heads", true),
            ("b.example.evil", false),
            ("", false),
        ] {
            assert_eq!(!trusted.keys(origin).is_empty(), known, "{origin}");
        }
        for (text, line) in [("a.example", 1), ("\na.example nokey", 2), (key, 1)] {
            assert_eq!(Trusted::parse(text).unwrap_err(), line, "{text}");
        }
    }
}
