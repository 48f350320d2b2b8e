//! Networks from which something may be used, in CIDR form (RFC 4632, RFC 4291 §2.3).

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Networks that one list may hold.
pub const MOST_NETWORKS: usize = 50;

/// A list of networks; an empty one admits every address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct AllowList(Vec<IpNet>);

/// Why a text is no such list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNetwork {
    /// An entry is neither an address nor a network.
    #[error("entry {0} is neither an address nor a network in CIDR form")]
    Entry(usize),
    /// There are too many.
    #[error("more than {MOST_NETWORKS} networks")]
    Many,
}

impl AllowList {
    /// Reads addresses and networks; bits beyond a network's length are dropped, what stands there twice is kept once, and an
    /// IPv4 address in IPv6 clothes counts as what it is.
    ///
    /// # Errors
    /// [`BadNetwork`], with the place of the entry, counted from 1, and nothing of what it says.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, BadNetwork> {
        if entries.len() > MOST_NETWORKS {
            return Err(BadNetwork::Many);
        }
        let read = entries
            .iter()
            .enumerate()
            .map(|(at, text)| network(text.as_ref().trim()).ok_or(BadNetwork::Entry(at + 1)));
        let mut networks = read.collect::<Result<Vec<_>, _>>()?;
        networks.sort_unstable();
        networks.dedup();
        Ok(Self(networks))
    }

    /// Whether it restricts nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `address` may pass. One that is not known passes only where everything does.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty()
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.0.iter().any(|network| network.contains(&address))
            })
    }

    /// The networks as text, sorted.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

fn network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    let network: IpNet = text.parse().ok()?;
    Some(network.trunc())
}

impl TryFrom<Vec<String>> for AllowList {
    type Error = BadNetwork;
    fn try_from(entries: Vec<String>) -> Result<Self, BadNetwork> {
        Self::parse(&entries)
    }
}

impl From<AllowList> for Vec<String> {
    fn from(list: AllowList) -> Self {
        list.texts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_list_admits_what_lies_in_one_of_its_networks() {
        let list = AllowList::parse(&["10.1.2.3/8", " 192.0.2.7 ", "2001:db8::/32", "10.0.0.0/8"]).unwrap();
        assert_eq!(list.texts(), ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
        for inside in ["10.255.0.1", "192.0.2.7", "2001:db8:1::1", "::ffff:10.0.0.1"] {
            assert!(list.admits(ip(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::ffff:11.0.0.1"] {
            assert!(!list.admits(ip(outside)), "{outside}");
        }
        assert!(!list.admits(None), "nobody passes a list without an address");
        assert!(AllowList::default().admits(None) && AllowList::default().admits(ip("11.0.0.1")));
    }

    #[test]
    fn what_is_no_network_is_named_by_its_place() {
        for (entries, at) in [(["10.0.0.0/8", "ten"], 2), (["10.0.0.0/33", "::1"], 1), (["", "::1"], 1)] {
            assert_eq!(AllowList::parse(&entries), Err(BadNetwork::Entry(at)), "{entries:?}");
        }
        assert_eq!(AllowList::parse(&vec!["::1"; MOST_NETWORKS + 1]), Err(BadNetwork::Many));
    }

    #[test]
    fn a_list_survives_its_json() {
        let list = AllowList::parse(&["192.0.2.0/24", "::1"]).unwrap();
        let json = serde_json::to_string(&list).unwrap();
        assert_eq!(json, r#"["192.0.2.0/24","::1/128"]"#);
        assert_eq!(serde_json::from_str::<AllowList>(&json).unwrap(), list);
    }
}
