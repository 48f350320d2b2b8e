//! Which addresses streams may lead to.
//!
//! Whoever may set up a stream chooses a name, and a name leads wherever its owner says, also into the network that the server stands
//! in. So a name is resolved once, every address that it leads to is looked at, and the connection goes to one of these very
//! addresses (OWASP ASVS 5.0, 1.3.6 and 15.3.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bailiwick_domain::entity::StreamFault;
use ipnet::IpNet;
use tokio::net::lookup_host;
use url::{Host, Url};

/// Addresses of one name that are tried at most.
const TRIED: usize = 4;

/// Public addresses, and the networks that the operator has named.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    named: Vec<IpNet>,
}

impl Reach {
    /// Public addresses and these networks.
    pub const fn new(named: Vec<IpNet>) -> Self {
        Self { named }
    }

    /// Whether a stream may lead there.
    pub fn permits(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.names(ip)
    }

    /// Whether the operator has named a network with this address. Only there records may go in the clear.
    pub fn names(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.named.iter().any(|network| network.contains(&ip))
    }

    /// Whether records might go in the clear to an address of the web, as far as it says by itself: where a name leads is looked at
    /// when something is sent.
    pub(crate) fn may_name(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(ip)) => self.names(ip.into()),
            Some(Host::Ipv6(ip)) => self.names(ip.into()),
            Some(Host::Domain("localhost")) => {
                self.names(Ipv4Addr::LOCALHOST.into()) || self.names(Ipv6Addr::LOCALHOST.into())
            }
            Some(Host::Domain(_)) => !self.named.is_empty(),
            None => false,
        }
    }

    /// Where a name leads at this moment. One address that is not permitted refuses all of them: whoever mixes them means no good.
    pub(crate) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, StreamFault> {
        let found = lookup_host((host, port)).await.map_err(|_| StreamFault::Unreachable)?;
        let found: Vec<SocketAddr> = found.collect();
        if found.iter().any(|address| !self.permits(address.ip())) {
            return Err(StreamFault::Forbidden);
        }
        if found.is_empty() {
            return Err(StreamFault::Unreachable);
        }
        Ok(found.into_iter().take(TRIED).collect())
    }
}

/// Whether an address is one of the public network, by the registries of special-purpose addresses (RFC 6890 and what it lists).
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

const fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        // This network, private, shared by carriers, loopback, link-local.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _)
        // Protocol assignments, documentation, the former relays of 6to4, benchmarks.
        | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113)
        // Multicast, reserved, broadcast.
        | (224..=255, _, _)
    );
    !special
}

const fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    match (a, b) {
        // NAT64 leads to the IPv4 address in its last 32 bits (RFC 6052).
        (0x64, 0xff9b) => c == 0 && d == 0 && e == 0 && f == 0 && is_public_v4(v4(g, h)),
        // 6to4 to the one behind its prefix (RFC 3056).
        (0x2002, _) => is_public_v4(v4(b, c)),
        // Teredo and other protocol assignments, documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

const fn v4(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn attacker_leads_no_stream_into_the_servers_own_network() {
        let reach = Reach::default();
        for inside in [
            "127.0.0.1",
            "127.8.9.10",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.170",
            "198.18.0.1",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(!reach.permits(ip(inside)), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(reach.permits(ip(outside)), "{outside}");
        }
    }

    #[test]
    fn operator_opens_the_networks_they_name_and_no_others() {
        let reach = Reach::new(vec!["10.20.0.0/16".parse().unwrap(), "fd00:7::/32".parse().unwrap()]);
        for (address, permitted) in [
            ("10.20.3.4", true),
            ("::ffff:10.20.3.4", true),
            ("10.21.0.1", false),
            ("fd00:7::9", true),
            ("fd00:8::9", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(reach.permits(ip(address)), permitted, "{address}");
        }
        assert!(reach.permits(ip("1.1.1.1")) && !reach.names(ip("1.1.1.1")), "in public only under TLS");
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(Reach::default().resolve(host, 443).await, Err(StreamFault::Forbidden), "{host}");
        }
        let named = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(named.resolve("127.0.0.1", 443).await, Ok(vec!["127.0.0.1:443".parse().unwrap()]));
    }
}
