//! The names of our logs, as they stand in the first line of a checkpoint.
//!
//! ```text
//! bailiwick.example.com/tenant/0193a7c2-7b1e-7000-8000-000000000001            a tenant's log
//! bailiwick.example.com/tenant/0193a7c2-7b1e-7000-8000-000000000001/epoch/2    the same after a loss that was owned up to
//! bailiwick.example.com/heads                                                  the tree of the tenants' heads
//! ```

use std::fmt;

/// The name of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogName<'a> {
    /// The installation's name; nothing of it is looked at.
    pub base: &'a str,
    /// Which of its logs.
    pub of: Of<'a>,
}

/// Which log of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// A tenant's.
    Tenant {
        /// The tenant's id, a UUID in lower case.
        tenant: &'a str,
        /// Which of the log's lives this is, from 1. Another one begins only where events were lost for good.
        epoch: u32,
    },
    /// The tree of the tenants' heads.
    Heads,
}

impl<'a> LogName<'a> {
    /// A tenant's log.
    #[must_use]
    pub const fn tenant(base: &'a str, tenant: &'a str, epoch: u32) -> Self {
        Self { base, of: Of::Tenant { tenant, epoch } }
    }

    /// The tree of the tenants' heads.
    #[must_use]
    pub const fn heads(base: &'a str) -> Self {
        Self { base, of: Of::Heads }
    }

    /// Takes a name apart; nothing for names of other makers.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        if let Some(base) = name.strip_suffix("/heads").filter(|base| !base.is_empty()) {
            return Some(Self::heads(base));
        }
        let (base, rest) = name.rsplit_once("/tenant/")?;
        let (tenant, epoch) = match rest.split_once("/epoch/") {
            None => (rest, 1),
            Some((tenant, text)) => {
                let epoch: u32 = text.parse().ok()?;
                // One log, one name: the first epoch has no number.
                (tenant, Some(epoch).filter(|epoch| *epoch > 1 && epoch.to_string() == text)?)
            }
        };
        (!base.is_empty() && is_uuid(tenant)).then_some(Self::tenant(base, tenant, epoch))
    }
}

impl fmt::Display for LogName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Of::Heads => write!(f, "{}/heads", self.base),
            Of::Tenant { tenant, epoch: 1 } => write!(f, "{}/tenant/{tenant}", self.base),
            Of::Tenant { tenant, epoch } => write!(f, "{}/tenant/{tenant}/epoch/{epoch}", self.base),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, octet)| match place {
            8 | 13 | 18 | 23 => octet == b'-',
            _ => octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const ID: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    #[test]
    fn a_log_has_one_name() {
        for (name, log) in [
            (format!("a.example/tenant/{ID}"), LogName::tenant("a.example", ID, 1)),
            (format!("a.example/tenant/{ID}/epoch/2"), LogName::tenant("a.example", ID, 2)),
            (format!("a.example/eu/tenant/{ID}/epoch/10"), LogName::tenant("a.example/eu", ID, 10)),
            ("a.example/heads".to_owned(), LogName::heads("a.example")),
        ] {
            assert_eq!(LogName::parse(&name), Some(log));
            assert_eq!(log.to_string(), name);
        }
        for name in [
            String::new(),
            "/heads".to_owned(),
            "a.example".to_owned(),
            format!("/tenant/{ID}"),
            "a.example/tenant/".to_owned(),
            format!("a.example/tenant/{}", ID.to_uppercase()),
            format!("a.example/tenant/{ID}/epoch/1"),
            format!("a.example/tenant/{ID}/epoch/02"),
            format!("a.example/tenant/{ID}/epoch/+2"),
            format!("a.example/tenant/{ID}/epoch/"),
            format!("a.example/tenant/{ID}/epoch/2/x"),
        ] {
            assert_eq!(LogName::parse(&name), None, "{name}");
        }
    }
}
