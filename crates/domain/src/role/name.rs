//! The name of any role: a built-in one, or one that a tenant made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Role, UnknownRole};

/// What every name of a custom role begins with. No built-in role has a hyphen in its name, so no later version of the program can
/// give a custom role's name to a role of its own.
const PREFIX: &str = "custom-";
/// Octets at most after the prefix.
const MOST: usize = 32;
const ROOM: usize = PREFIX.len() + MOST;

/// The name of a role that a tenant made, `custom-night-auditor`: unique in the tenant, never changed, copied freely.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomName {
    octets: [u8; ROOM],
    length: u8,
}

impl CustomName {
    /// The name with this part after the prefix: 1 to 32 characters of `a-z`, `0-9` and single hyphens between them.
    ///
    /// # Errors
    /// [`UnknownRole`] for anything else.
    pub fn new(slug: &str) -> Result<Self, UnknownRole> {
        let mut previous = b'-';
        for byte in slug.bytes() {
            let fits =
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || (byte == b'-' && previous != b'-');
            if !fits {
                return Err(UnknownRole);
            }
            previous = byte;
        }
        if slug.len() > MOST || previous == b'-' {
            return Err(UnknownRole);
        }
        let mut octets = [0; ROOM];
        for (place, byte) in octets.iter_mut().zip(PREFIX.bytes().chain(slug.bytes())) {
            *place = byte;
        }
        let length = u8::try_from(PREFIX.len() + slug.len()).map_err(|_| UnknownRole)?;
        Ok(Self { octets, length })
    }

    /// The name in storage, URLs and JSON, with its prefix.
    pub fn name(&self) -> &str {
        let octets = self.octets.get(..usize::from(self.length)).unwrap_or_default();
        str::from_utf8(octets).unwrap_or_default()
    }

    /// The part after the prefix, which whoever made the role chose.
    pub fn slug(&self) -> &str {
        self.name().strip_prefix(PREFIX).unwrap_or_default()
    }
}

impl FromStr for CustomName {
    type Err = UnknownRole;
    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::new(name.strip_prefix(PREFIX).ok_or(UnknownRole)?)
    }
}

impl TryFrom<String> for CustomName {
    type Error = UnknownRole;
    fn try_from(name: String) -> Result<Self, UnknownRole> {
        name.parse()
    }
}

impl fmt::Display for CustomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for CustomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomName({})", self.name())
    }
}

impl Serialize for CustomName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for CustomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The name of a role that a user, an invitation or a team has.
///
/// A built-in role holds what the catalogue says ([`crate::catalogue::Catalogue::role_set`] takes nothing else); what a custom one
/// holds, the store alone knows. So no program mistakes the one for the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RoleName {
    /// One that Bailiwick brings.
    BuiltIn(Role),
    /// One that the tenant made.
    Custom(CustomName),
}

impl RoleName {
    /// The name in storage, URLs and JSON.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.name(),
            Self::Custom(custom) => custom.name(),
        }
    }

    /// The name for people, of a built-in role its title. Of a custom one the part that was chosen for its name: it holds no
    /// personal data, as far as a grammar can tell, so it may stand in security events. Pages show its label.
    pub fn title(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.title(),
            Self::Custom(custom) => custom.slug(),
        }
    }

    /// The built-in role, if it is one.
    pub const fn built_in(self) -> Option<Role> {
        match self {
            Self::BuiltIn(role) => Some(role),
            Self::Custom(_) => None,
        }
    }

    /// The custom role's name, if it is one.
    pub const fn custom(self) -> Option<CustomName> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(name) => Some(name),
        }
    }

    /// Whether the role exists in the platform tenant only. Custom roles exist in customers' tenants only.
    pub const fn platform(self) -> bool {
        match self {
            Self::BuiltIn(role) => role.platform(),
            Self::Custom(_) => false,
        }
    }

    /// Whether its holders own their tenant: at least one of them stays.
    pub const fn is_owner(self) -> bool {
        matches!(self, Self::BuiltIn(Role::TenantOwner | Role::PlatformOwner))
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        Self::BuiltIn(role)
    }
}

impl From<CustomName> for RoleName {
    fn from(name: CustomName) -> Self {
        Self::Custom(name)
    }
}

impl PartialEq<Role> for RoleName {
    fn eq(&self, other: &Role) -> bool {
        *self == Self::BuiltIn(*other)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RoleName {
    type Err = UnknownRole;
    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        name.parse::<Role>().map(Self::BuiltIn).or_else(|_| name.parse().map(Self::Custom))
    }
}

impl TryFrom<String> for RoleName {
    type Error = UnknownRole;
    fn try_from(name: String) -> Result<Self, UnknownRole> {
        name.parse()
    }
}

impl Serialize for RoleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_custom_role_has_one_spelling_everywhere() {
        let longest = "a".repeat(MOST);
        for slug in ["a", "night-auditor", "7", "a-1-b", longest.as_str()] {
            let name = CustomName::new(slug).unwrap();
            assert_eq!(name.slug(), slug);
            assert_eq!(name.name(), format!("custom-{slug}"));
            assert_eq!(name.name().parse(), Ok(name));
            let role = RoleName::from(name);
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(serde_json::from_value::<RoleName>(role.name().into()).unwrap(), role);
            assert!(!role.platform() && !role.is_owner());
        }
    }

    #[test]
    fn nothing_else_names_a_custom_role() {
        let long = format!("custom-{}", "a".repeat(MOST + 1));
        for wrong in [
            "",
            "custom-",
            "custom",
            "custom--a",
            "custom-a-",
            "custom-a--b",
            "custom-A",
            "custom-a_b",
            "custom-é",
            "custom-a b",
            "night-auditor",
            "Custom-a",
            long.as_str(),
        ] {
            assert_eq!(wrong.parse::<RoleName>(), Err(UnknownRole), "{wrong:?}");
        }
    }

    #[test]
    fn no_built_in_role_could_be_a_custom_one() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(RoleName::BuiltIn(role)));
            assert!(role.name().parse::<CustomName>().is_err());
            assert!(!role.name().contains('-'));
        }
    }
}
