//! The types of values.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use bailiwick_domain::habit::WorkingHours;
use bailiwick_web::rates::Rate;
use ipnet::IpNet;

use super::value::{Raw, Setting};

impl Setting for SocketAddr {
    fn expected() -> String {
        "an address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok()
    }
    fn shown(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Setting for PathBuf {
    fn expected() -> String {
        "a path".into()
    }
    fn from_text(text: &str, base: &Path) -> Option<Self> {
        (!text.is_empty() && !text.contains('\0')).then(|| base.join(text))
    }
    fn shown(&self) -> toml::Value {
        self.display().to_string().into()
    }
}

/// A list of settings: in a file a list of strings, elsewhere text with commas between.
impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each of it {}", T::expected())
    }
    fn from_text(text: &str, base: &Path) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::new());
        }
        text.split(',').map(|part| T::from_text(part.trim(), base)).collect()
    }
    fn from_toml(raw: &Raw, base: &Path) -> Option<Self> {
        match raw {
            Raw::List(parts) => parts.iter().map(|part| T::from_text(part, base)).collect(),
            _ => None,
        }
    }
    fn shown(&self) -> toml::Value {
        toml::Value::Array(self.iter().map(Setting::shown).collect())
    }
}

/// A network of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

impl Setting for Network {
    fn expected() -> String {
        "a network such as \"10.0.0.0/8\", or one address".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
        // 10.1.2.3/8 is more likely a slip than the network 10.0.0.0/8.
        (network == network.trunc()).then_some(Self(network))
    }
    fn shown(&self) -> toml::Value {
        self.0.to_string().into()
    }
}

/// What the names of variables begin with that integrations may use: none of this server's own are among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariablePrefix(String);

impl VariablePrefix {
    /// The prefix as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for VariablePrefix {
    fn expected() -> String {
        "4 to 64 capitals, digits and underscores, the last of them an underscore, such as \"INTEGRATION_\", and not BAILIWICK_"
            .into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let fits = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'_';
        let ours = text.starts_with(super::PREFIX) || super::PREFIX.starts_with(text);
        let taken = (4..=64).contains(&text.len()) && text.bytes().all(fits) && text.ends_with('_') && !ours;
        taken.then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounded<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Bounded<MIN, MAX> {
    fn new(number: i64) -> Option<Self> {
        u32::try_from(number).ok().filter(|n| (MIN..=MAX).contains(n)).map(Self)
    }
    /// The number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> Setting for Bounded<MIN, MAX> {
    fn expected() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok().and_then(Self::new)
    }
    fn from_toml(raw: &Raw, _: &Path) -> Option<Self> {
        match raw {
            Raw::Integer(number) => Self::new(*number),
            _ => None,
        }
    }
    fn shown(&self) -> toml::Value {
        i64::from(self.0).into()
    }
}

impl Setting for WorkingHours {
    fn expected() -> String {
        "two hours of the day with a hyphen between, such as \"7-19\"".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        Self::parse(text)
    }
    fn shown(&self) -> toml::Value {
        format!("{}-{}", self.from(), self.to()).into()
    }
}

/// How fast programs may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiRate(pub(crate) Option<Rate>);

impl Setting for ApiRate {
    fn expected() -> String {
        format!(
            "\"off\", or requests in a second, minute or hour and how many at once, such as \"500/s burst 5000\" or \"30/m burst 10\", up to {} each",
            Rate::MOST
        )
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        if text == "off" { Some(Self(None)) } else { text.parse().ok().map(|rate| Self(Some(rate))) }
    }
    fn shown(&self) -> toml::Value {
        self.0.map_or_else(|| "off".to_owned(), |rate| rate.to_string()).into()
    }
}

/// A size in bytes, up to 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(NonZeroU32);

impl Size {
    const MAX: u64 = 1 << 30;

    fn new(bytes: u64) -> Option<Self> {
        let bytes = u32::try_from(bytes).ok().filter(|n| u64::from(*n) <= Self::MAX)?;
        NonZeroU32::new(bytes).map(Self)
    }
    /// The size in bytes.
    pub(crate) const fn bytes(self) -> usize {
        // 1 GiB at most, which fits wherever the server runs.
        self.0.get() as usize
    }
}

impl Setting for Size {
    fn expected() -> String {
        "a size such as \"1MiB\", \"64KiB\" or a whole number of bytes, 1GiB at most".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let unit = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let (digits, factor) = unit
            .iter()
            .find_map(|(name, factor)| text.strip_suffix(name).map(|digits| (digits, *factor)))
            .unwrap_or((text, 1));
        digits.trim_end().parse::<u64>().ok()?.checked_mul(factor).and_then(Self::new)
    }
    fn from_toml(raw: &Raw, base: &Path) -> Option<Self> {
        match raw {
            Raw::Integer(bytes) => u64::try_from(*bytes).ok().and_then(Self::new),
            Raw::Text(text) => Self::from_text(text, base),
            _ => None,
        }
    }
    fn shown(&self) -> toml::Value {
        let bytes = self.0.get();
        let whole = |factor: u32, unit: &str| {
            bytes.is_multiple_of(factor).then(|| format!("{}{unit}", bytes / factor).into())
        };
        whole(1 << 20, "MiB").or_else(|| whole(1 << 10, "KiB")).unwrap_or_else(|| i64::from(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text<T: Setting>(text: &str) -> Option<T> {
        T::from_text(text, Path::new("/etc/bailiwick"))
    }

    #[test]
    fn operator_writes_sizes_with_units() {
        assert_eq!(text::<Size>("1MiB").unwrap().bytes(), 1_048_576);
        assert_eq!(text::<Size>("64 KiB").unwrap().bytes(), 65_536);
        assert_eq!(text::<Size>("1GiB").unwrap().bytes(), 1 << 30);
        assert_eq!(Size::from_toml(&Raw::Integer(1000), Path::new("")).unwrap().bytes(), 1000);
        for bad in ["0", "-1", "2GiB", "1MB", "MiB", "99999999999999999999GiB", "18446744073709551615KiB", ""]
        {
            assert_eq!(text::<Size>(bad), None, "{bad}");
        }
        for size in ["1MiB", "64KiB", "1000"] {
            let parsed = text::<Size>(size).unwrap();
            assert_eq!(parsed.shown().to_string().trim_matches('"'), size);
        }
    }

    #[test]
    fn a_number_outside_its_bounds_is_refused() {
        type Seconds = Bounded<1, 60>;
        assert_eq!(text::<Seconds>("60").unwrap().number(), 60);
        for bad in ["0", "61", "-1", "1.5", " 1", "99999999999999999999"] {
            assert_eq!(text::<Seconds>(bad), None, "{bad}");
        }
        assert_eq!(
            Seconds::from_toml(&Raw::Text("30".into()), Path::new("")),
            None,
            "a string is no number in a file"
        );
    }

    #[test]
    fn a_network_with_host_bits_is_a_slip() {
        assert!(text::<Network>("10.0.0.0/8").is_some());
        assert!(text::<Network>("10.1.2.3").is_some());
        assert!(text::<Network>("fd00::/8").is_some());
        for bad in ["10.1.2.3/8", "10.0.0.0/33", "localhost", ""] {
            assert_eq!(text::<Network>(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_relative_path_starts_where_it_was_written() {
        assert_eq!(text::<PathBuf>("root.key").unwrap(), Path::new("/etc/bailiwick/root.key"));
        assert_eq!(text::<PathBuf>("/keys/root.key").unwrap(), Path::new("/keys/root.key"));
        assert_eq!(text::<PathBuf>(""), None);
        assert_eq!(text::<PathBuf>("a\0b"), None);
    }

    #[test]
    fn a_list_is_written_with_commas_outside_a_file() {
        assert_eq!(text::<Vec<PathBuf>>("/a, /b").unwrap(), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(text::<Vec<PathBuf>>("  ").unwrap(), Vec::<PathBuf>::new());
        assert_eq!(text::<Vec<Network>>("10.0.0.0/8,oops"), None);
    }
}
