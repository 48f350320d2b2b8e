//! The client's address and scheme behind reverse proxies.

use std::{net::IpAddr, net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::{
    Client,
    app::{Ground, Transport},
};

/// Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. The proxies in them must append to the first
/// and set the second; RFC 7239 `Forwarded` is not read, so that there is one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The text is neither an address nor a network such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct BadNetwork(String);

impl TrustedProxies {
    /// Reads addresses and networks in CIDR form.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, BadNetwork> {
        let read = |text: &str| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let nets = texts
            .into_iter()
            .map(|text| read(text.as_ref()).map_err(|_| BadNetwork(text.as_ref().to_owned())));
        nets.collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&ip))
    }

    /// The address nearest to us that is not a trusted proxy's.
    fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let mut client = peer.to_canonical();
        for hop in forwarded.iter().rev().flat_map(|header| header.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            // What stands further left came through something that does not write addresses: it proves nothing.
            let Some(ip) = address(hop.trim()) else { break };
            client = ip;
        }
        client
    }
}

/// An address as proxies write it: bare, with a port, or bracketed.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare().or_else(with_port).or_else(bracketed).map(|ip| ip.to_canonical())
}

/// Fills in the client's address and whether it came under TLS.
pub(super) async fn resolve(State(ground): State<Arc<Ground>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let tls = request.extensions().get::<Transport>() == Some(&Transport::Tls);
    let (ip, https) = origin(&ground.settings.trusted_proxies, peer, tls, request.headers());
    if let Some(client) = request.extensions_mut().get_mut::<Client>() {
        client.ip = ip;
        client.https = https;
    }
    next.run(request).await
}

fn origin(
    trusted: &TrustedProxies,
    peer: Option<IpAddr>,
    tls: bool,
    headers: &HeaderMap,
) -> (Option<IpAddr>, bool) {
    let Some(peer) = peer.map(|ip| ip.to_canonical()) else { return (None, tls) };
    if !trusted.trusts(peer) {
        return (Some(peer), tls);
    }
    let texts = |name| {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    let ip = trusted.client(peer, &texts("x-forwarded-for"));
    let proto = texts("x-forwarded-proto").last().and_then(|value| value.rsplit(',').next()).map(str::trim);
    (Some(ip), proto.map_or(tls, |proto| proto.eq_ignore_ascii_case("https")))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::parse(["10.0.0.0/8", "fd00::/8", "192.0.2.1"]).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_rightmost_untrusted_address_is_the_client() {
        for (peer, forwarded, client) in [
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "unknown", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("fd00::1", "198.51.100.7", "198.51.100.7"),
            ("192.0.2.1", "198.51.100.7", "198.51.100.7"),
            ("192.0.2.2", "198.51.100.7", "192.0.2.2"),
        ] {
            let found =
                origin(&proxies(), Some(ip(peer)), false, &headers(&[("x-forwarded-for", forwarded)]));
            assert_eq!(found.0, Some(ip(client)), "{peer} forwards {forwarded:?}");
        }
    }

    #[test]
    fn several_headers_count_as_one_list() {
        let two =
            headers(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7, 10.0.0.2")]);
        assert_eq!(origin(&proxies(), Some(ip("10.0.0.1")), false, &two).0, Some(ip("198.51.100.7")));
    }

    #[test]
    fn only_a_trusted_proxy_vouches_for_tls() {
        let secure = headers(&[("x-forwarded-proto", "https")]);
        assert!(origin(&proxies(), Some(ip("10.0.0.1")), false, &secure).1);
        assert!(!origin(&proxies(), Some(ip("198.51.100.7")), false, &secure).1);
        assert!(!origin(&proxies(), None, false, &secure).1);
        let claimed = headers(&[("x-forwarded-proto", "https, http")]);
        assert!(
            !origin(&proxies(), Some(ip("10.0.0.1")), false, &claimed).1,
            "the nearest proxy has the last word"
        );
        assert!(
            !origin(&proxies(), Some(ip("10.0.0.1")), true, &headers(&[("x-forwarded-proto", "http")])).1
        );
        assert!(origin(&proxies(), Some(ip("198.51.100.7")), true, &HeaderMap::new()).1);
    }

    #[test]
    fn operator_is_told_which_network_cannot_be_read() {
        assert_eq!(
            TrustedProxies::parse(["10.0.0.0/8", "10.0.0.0/33"]),
            Err(BadNetwork("10.0.0.0/33".into()))
        );
        assert_eq!(TrustedProxies::parse(["localhost"]), Err(BadNetwork("localhost".into())));
    }

    proptest! {
        #[test]
        fn an_untrusted_peer_cannot_choose_its_address(peer: [u8; 4], forwarded in "\\PC{0,60}") {
            let peer = IpAddr::from(peer);
            prop_assume!(!proxies().trusts(peer));
            let headers = HeaderValue::from_str(&forwarded).map(|value| HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), value)]));
            prop_assert_eq!(origin(&proxies(), Some(peer), false, &headers.unwrap_or_default()).0, Some(peer));
        }

        #[test]
        fn whatever_a_client_prepends_changes_nothing(client in any::<[u8; 4]>(), forged in "[0-9a-f., :\\[\\]]{0,80}", hops in 0_usize..4) {
            let client = IpAddr::from(client);
            prop_assume!(!proxies().trusts(client));
            let chain = format!("{forged}, {client}{}", ", 10.1.1.1".repeat(hops));
            let headers = headers(&[("x-forwarded-for", &chain)]);
            prop_assert_eq!(origin(&proxies(), Some(ip("10.0.0.1")), false, &headers).0, Some(client));
        }
    }
}
