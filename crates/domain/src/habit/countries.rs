use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Ranges at most: several times what a list of all countries has.
const MOST: usize = 4_000_000;

/// Which country an address belongs to, by a list that the operator brings along. None comes with the program.
///
/// 34 octets a range. Looked up by halves.
#[derive(Clone, Default)]
pub struct Countries(Vec<Range>);

#[derive(Clone, Copy)]
struct Range {
    first: u128,
    last: u128,
    country: [u8; 2],
}

/// A line of the list that cannot be read, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {0}: expected \"first address,last address,country\" or \"network/bits,country\", without overlaps"
)]
pub struct BadCountries(pub usize);

impl Countries {
    /// Reads `first,last,country` or `network/bits,country`, one range a line, in any order; the country is two letters
    /// (ISO 3166-1 alpha-2). Fields may stand in double quotes; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that is neither, too many lines, and ranges that overlap.
    pub fn parse(text: &str) -> Result<Self, BadCountries> {
        let mut ranges = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let range = Range::parse(line).filter(|_| ranges.len() < MOST).ok_or(BadCountries(place + 1))?;
            ranges.push((range, place + 1));
        }
        ranges.sort_unstable_by_key(|(range, _)| range.first);
        for pair in ranges.windows(2) {
            if let [(before, _), (after, place)] = pair
                && before.last >= after.first
            {
                return Err(BadCountries(*place));
            }
        }
        Ok(Self(ranges.into_iter().map(|(range, _)| range).collect()))
    }

    /// The country of an address, in capitals; nothing where the list does not say.
    #[must_use]
    pub fn of(&self, ip: IpAddr) -> Option<&str> {
        let number = number(ip);
        let after = self.0.partition_point(|range| range.first <= number);
        let range = self.0.get(after.checked_sub(1)?).filter(|range| number <= range.last)?;
        str::from_utf8(&range.country).ok()
    }

    /// How many ranges there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Range {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
        let (first, second) = (fields.next()?, fields.next()?);
        let (first, last, country) = match first.split_once('/') {
            Some((network, bits)) => {
                let (first, last) = within(network.parse().ok()?, bits.parse().ok()?)?;
                (first, last, second)
            }
            None => (number(first.parse().ok()?), number(second.parse().ok()?), fields.next()?),
        };
        let country: [u8; 2] = country.as_bytes().try_into().ok()?;
        let letters = country.iter().all(u8::is_ascii_alphabetic);
        let right = letters && first <= last && fields.next().is_none();
        right.then(|| Self { first, last, country: country.map(|letter| letter.to_ascii_uppercase()) })
    }
}

/// The first and the last address of a network.
fn within(ip: IpAddr, bits: u32) -> Option<(u128, u128)> {
    let free = if ip.is_ipv4() { 32 } else { 128_u32 }.checked_sub(bits)?;
    // All of IPv6 leaves nothing to compare.
    let hosts = 1_u128.checked_shl(free).map_or(u128::MAX, |hosts| hosts - 1);
    let first = number(ip) & !hosts;
    Some((first, first | hosts))
}

/// IPv4 addresses stand where IPv6 has a place for them (RFC 4291 §2.5.5.2).
fn number(ip: IpAddr) -> u128 {
    let six: Ipv6Addr = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    u128::from(six)
}

impl fmt::Debug for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Countries({} ranges)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "# a list\n\n1.0.0.0,1.0.0.255,au\n\"2.0.0.0/8\",\"FR\"\n2001:db8::/32,NZ\n";

    #[test]
    fn an_address_has_the_country_of_its_range() {
        let list = Countries::parse(LIST).unwrap();
        assert_eq!(list.len(), 3);
        for (address, country) in [
            ("1.0.0.0", Some("AU")),
            ("1.0.0.255", Some("AU")),
            ("1.0.1.0", None),
            ("0.255.255.255", None),
            ("2.255.255.255", Some("FR")),
            ("::ffff:2.0.0.1", Some("FR")),
            ("2001:db8:ffff::1", Some("NZ")),
            ("2001:db9::", None),
        ] {
            assert_eq!(list.of(address.parse().unwrap()), country, "{address}");
        }
        assert!(
            Countries::default().of("1.0.0.1".parse().unwrap()).is_none() && Countries::default().is_empty()
        );
    }

    #[test]
    fn a_line_that_is_no_range_is_named() {
        for (bad, line) in [
            ("1.0.0.0,AU", 1),
            ("\n1.0.0.9,1.0.0.1,AU", 2),
            ("1.0.0.0/33,AU", 1),
            ("1.0.0.0/8,AUS", 1),
            ("1.0.0.0/8,A1", 1),
            ("1.0.0.0/8,AU,x", 1),
            ("1.0.0.0/8,AU\n1.2.0.0/16,NZ", 2),
            ("nonsense", 1),
        ] {
            assert_eq!(Countries::parse(bad).map(|_| ()), Err(BadCountries(line)), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9./:,A-Z\\n\"#]{0,80}") {
            let _ = Countries::parse(&text);
        }
    }
}
