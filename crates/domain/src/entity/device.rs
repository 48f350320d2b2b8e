//! What a session is known by to the person who looks for a stranger among theirs: words of closed lists, never the header
//! or the address that they were read from.

use std::net::IpAddr;

use super::named;

named! {
    /// The family of a browser, as its `User-Agent` header claims (RFC 9110 §10.1.5).
    Browser {
        /// Firefox.
        Firefox = "firefox",
        /// Chrome or Chromium.
        Chrome = "chrome",
        /// Edge.
        Edge = "edge",
        /// Safari.
        Safari = "safari",
        /// Opera.
        Opera = "opera",
        /// Samsung Internet.
        Samsung = "samsung_internet",
        /// Something that does not claim to be a browser.
        Program = "program",
        /// Nothing that is known here.
        Unknown = "unknown",
    }
}

named! {
    /// The kind of system a browser claims to run on.
    System {
        /// Windows.
        Windows = "windows",
        /// macOS; also an iPad that asks for desktop pages.
        MacOs = "macos",
        /// Linux.
        Linux = "linux",
        /// ChromeOS.
        ChromeOs = "chromeos",
        /// Android.
        Android = "android",
        /// iOS or iPadOS.
        Ios = "ios",
        /// Nothing that is known here.
        Unknown = "unknown",
    }
}

/// A browser and its system in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    /// The browser's family.
    pub browser: Browser,
    /// The kind of system.
    pub system: System,
}

/// Octets of a header that are looked at.
const LONGEST: usize = 512;

/// What stands in the headers of each browser. The order matters: most claim to be the ones below them as well.
const BROWSERS: [(&str, Browser); 12] = [
    ("Edg/", Browser::Edge),
    ("EdgA/", Browser::Edge),
    ("EdgiOS/", Browser::Edge),
    ("OPR/", Browser::Opera),
    ("OPX/", Browser::Opera),
    ("SamsungBrowser/", Browser::Samsung),
    ("Firefox/", Browser::Firefox),
    ("FxiOS/", Browser::Firefox),
    ("Chrome/", Browser::Chrome),
    ("Chromium/", Browser::Chrome),
    ("CriOS/", Browser::Chrome),
    ("Safari/", Browser::Safari),
];

/// The same for systems: Android says that it is Linux, and iOS that it is like Mac OS X.
const SYSTEMS: [(&str, System); 9] = [
    ("Windows", System::Windows),
    ("iPhone", System::Ios),
    ("iPad", System::Ios),
    ("iPod", System::Ios),
    ("CrOS", System::ChromeOs),
    ("Android", System::Android),
    ("Macintosh", System::MacOs),
    ("Mac OS X", System::MacOs),
    ("Linux", System::Linux),
];

impl Device {
    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self { browser: Browser::Unknown, system: System::Unknown };

    /// Reads what a `User-Agent` header claims. Anything can be claimed: this helps people to recognise their own sessions and
    /// decides nothing.
    pub fn claimed(user_agent: &str) -> Self {
        let text = user_agent.get(..LONGEST).unwrap_or(user_agent);
        let browser = BROWSERS.iter().find(|(word, _)| text.contains(word)).map(|(_, browser)| *browser);
        let otherwise = match text {
            "" => Browser::Unknown,
            // What every browser begins with, also those that are not known here.
            text if text.starts_with("Mozilla/") => Browser::Unknown,
            _ => Browser::Program,
        };
        let system = SYSTEMS.iter().find(|(word, _)| text.contains(word)).map(|(_, system)| *system);
        Self { browser: browser.unwrap_or(otherwise), system: system.unwrap_or(System::Unknown) }
    }

    /// For people: `Firefox on Linux`.
    pub const fn title(self) -> &'static str {
        self.browser.on(self.system)
    }

    /// Whether it is one that is held in the hand.
    pub const fn is_handheld(self) -> bool {
        matches!(self.system, System::Android | System::Ios)
    }
}

macro_rules! on {
    ($system:expr, $one:literal, $alone:literal) => {
        match $system {
            System::Windows => concat!($one, " on Windows"),
            System::MacOs => concat!($one, " on macOS"),
            System::Linux => concat!($one, " on Linux"),
            System::ChromeOs => concat!($one, " on ChromeOS"),
            System::Android => concat!($one, " on Android"),
            System::Ios => concat!($one, " on iOS"),
            System::Unknown => $alone,
        }
    };
}

impl Browser {
    const fn on(self, system: System) -> &'static str {
        match self {
            Self::Firefox => on!(system, "Firefox", "Firefox"),
            Self::Chrome => on!(system, "Chrome", "Chrome"),
            Self::Edge => on!(system, "Edge", "Edge"),
            Self::Safari => on!(system, "Safari", "Safari"),
            Self::Opera => on!(system, "Opera", "Opera"),
            Self::Samsung => on!(system, "Samsung Internet", "Samsung Internet"),
            Self::Program => on!(system, "A program", "A program"),
            Self::Unknown => on!(system, "A browser", "An unknown device"),
        }
    }
}

named! {
    /// What kind of address a session was opened from. Where on earth that is, nobody here knows: there is no such database.
    Place {
        /// The server's own machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
        Loopback = "loopback",
        /// A private network (RFC 1918, RFC 4193), a link (RFC 3927, RFC 4291), or a provider's shared space (RFC 6598).
        Private = "private_network",
        /// The internet, over IPv4.
        PublicV4 = "public_ipv4",
        /// The internet, over IPv6.
        PublicV6 = "public_ipv6",
        /// The connection did not say.
        Unknown = "unknown",
    }
}

impl Place {
    /// The class of an address.
    pub fn of(ip: Option<IpAddr>) -> Self {
        match ip.map(|ip| ip.to_canonical()) {
            None => Self::Unknown,
            Some(ip) if ip.is_loopback() => Self::Loopback,
            Some(IpAddr::V4(ip)) => {
                let shared = u32::from(ip) >> 22 == 0x6440_0000 >> 22;
                if ip.is_private() || ip.is_link_local() || shared { Self::Private } else { Self::PublicV4 }
            }
            Some(IpAddr::V6(ip)) => {
                let private = ip.is_unique_local() || ip.is_unicast_link_local();
                if private { Self::Private } else { Self::PublicV6 }
            }
        }
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Loopback => "This machine",
            Self::Private => "A private network",
            Self::PublicV4 => "The internet (IPv4)",
            Self::PublicV6 => "The internet (IPv6)",
            Self::Unknown => "An unknown network",
        }
    }
}

named! {
    /// Whether a session was opened from an address that the same person had signed in from before: an IPv4 address or the
    /// /64 of an IPv6 address, compared by a keyed hash.
    Network {
        /// They had.
        Known = "known",
        /// Never before.
        New = "new",
    }
}

impl Network {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Known => "where they signed in before",
            Self::New => "seen for the first time",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn person_reads_which_browser_it_was() {
        for (header, title) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1",
                "Chrome on iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/126.0.0.0",
                "Opera on Linux",
            ),
            ("Mozilla/5.0 (X11; FreeBSD amd64) Something/1.0", "An unknown device"),
            ("Mozilla/5.0 (X11; Linux x86_64) Something/1.0", "A browser on Linux"),
            ("Mozilla/5.0", "An unknown device"),
            ("curl/8.14.1", "A program"),
            ("python-requests/2.32 (Windows)", "A program on Windows"),
            ("", "An unknown device"),
        ] {
            assert_eq!(Device::claimed(header).title(), title, "{header}");
        }
    }

    #[test]
    fn person_reads_what_kind_of_network_it_was() {
        for (ip, place) in [
            ("127.0.0.1", Place::Loopback),
            ("127.9.9.9", Place::Loopback),
            ("::1", Place::Loopback),
            ("::ffff:127.0.0.1", Place::Loopback),
            ("10.1.2.3", Place::Private),
            ("172.31.0.1", Place::Private),
            ("192.168.0.1", Place::Private),
            ("169.254.1.1", Place::Private),
            ("100.64.0.1", Place::Private),
            ("100.127.255.255", Place::Private),
            ("fd00::1", Place::Private),
            ("fe80::1", Place::Private),
            ("::ffff:10.0.0.1", Place::Private),
            ("100.63.255.255", Place::PublicV4),
            ("100.128.0.0", Place::PublicV4),
            ("172.32.0.1", Place::PublicV4),
            ("203.0.113.7", Place::PublicV4),
            ("::ffff:203.0.113.7", Place::PublicV4),
            ("2001:db8::1", Place::PublicV6),
        ] {
            assert_eq!(Place::of(Some(ip.parse().unwrap())), place, "{ip}");
        }
        assert_eq!(Place::of(None), Place::Unknown);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_claimed_becomes_words_of_the_list(text: String) {
            let title = Device::claimed(&text).title();
            proptest::prop_assert!(title.len() < 40 && title.is_ascii());
        }

        #[test]
        fn what_stands_far_behind_is_not_read(front in "[a-z ]{512}", behind: String) {
            proptest::prop_assert_eq!(Device::claimed(&format!("{front}{behind}")), Device::claimed(&front));
        }
    }
}
