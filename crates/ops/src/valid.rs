//! Parsing what people type, once, at the edge of every operation.

use std::ops::RangeInclusive;

use bailiwick_domain::{
    entity::Effect,
    permission::PermissionSet,
    role::RoleName,
    rule::Rule,
    visible::is_line,
    zone::{UnknownZone, Zone},
};
use bailiwick_store::{Actor, Permit};

use crate::{Error, FieldError, Result};

/// Collects what is wrong with a form, so that all of it is said at once.
#[derive(Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    pub(crate) fn refuse(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.push(FieldError { field, text: text.into() });
    }

    /// Takes a field's value, or notes what is wrong with it.
    pub(crate) fn take<T>(
        &mut self,
        field: &'static str,
        parsed: std::result::Result<T, &'static str>,
    ) -> Option<T> {
        parsed.map_err(|text| self.refuse(field, text)).ok()
    }

    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// A sign-in address in the one spelling that is stored: trimmed and in lower case.
///
/// Only the shape is checked; that somebody reads it is shown by the mail that arrives (OWASP ASVS 5.0, 6.3). Letters beyond
/// ASCII are refused: two addresses that look alike would be two accounts. A domain in another script has its ASCII form
/// (RFC 5890).
pub(crate) fn email(text: &str) -> std::result::Result<String, &'static str> {
    const WRONG: &str = "Enter an e-mail address, such as name@example.com.";
    let text = text.trim();
    // Before lower case: some letters of other scripts, such as the Kelvin sign, have an ASCII one.
    if !text.is_ascii() {
        return Err(WRONG);
    }
    let text = text.to_ascii_lowercase();
    let (local, domain) = text.rsplit_once('@').ok_or(WRONG)?;
    let plain = |c: char| {
        !c.is_control()
            && !c.is_whitespace()
            && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\' | '[' | ']' | '@')
    };
    let labels = domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    let fits = (1..=64).contains(&local.len())
        && text.len() <= 254
        && local.chars().all(plain)
        && domain.contains('.')
        && labels;
    if fits { Ok(text) } else { Err(WRONG) }
}

/// A name or title as people read it: trimmed, one line, 1 to 100 characters, each of which can be seen.
pub(crate) fn name(text: &str) -> std::result::Result<String, &'static str> {
    line(text, 1..=100).ok_or("Enter 1 to 100 visible characters on one line.")
}

/// What a person, an organisation or a role is called: as [`name`], and nothing of which a mail program makes a link. Letters show it to
/// people who know nobody here, and whoever chose it is not to lead them elsewhere.
pub(crate) fn called(text: &str) -> std::result::Result<String, &'static str> {
    let name = name(text)?;
    let lower = name.to_ascii_lowercase();
    if ["://", "www.", "@"].into_iter().any(|part| lower.contains(part)) {
        return Err("Leave out addresses: a name cannot hold ://, www. or @.");
    }
    Ok(name)
}

/// A time zone of the IANA database by its name; nothing for UTC, which is what everybody has who chose none.
pub(crate) fn time_zone(text: &str) -> std::result::Result<Option<Zone>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        name => match name.parse() {
            Ok(zone) if zone == Zone::UTC => Ok(None),
            Ok(zone) => Ok(Some(zone)),
            Err(UnknownZone) => Err("Choose one of the time zones, such as Australia/Sydney."),
        },
    }
}

/// A reason: trimmed, one line, 3 to 500 characters, each of which can be seen.
pub(crate) fn reason(text: &str) -> std::result::Result<String, &'static str> {
    line(text, 3..=500).ok_or("Give a reason of 3 to 500 visible characters on one line.")
}

/// One line that reads as it is stored: no control character, and none that is invisible or changes how others are shown.
fn line(text: &str, length: RangeInclusive<usize>) -> Option<String> {
    let text = text.trim();
    let fits = length.contains(&text.chars().count()) && is_line(text);
    fits.then(|| text.to_owned())
}

/// A tenant's short name.
pub(crate) fn slug(text: &str) -> std::result::Result<String, &'static str> {
    let text = text.trim();
    let fits = (2..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("Use 2 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends.")
    }
}

/// A role by name, of the tenant's kind: a built-in one, or in a customer's tenant one that it made. Whether that is there, only the
/// store knows.
pub(crate) fn role(text: &str, platform: bool) -> std::result::Result<RoleName, &'static str> {
    match text.parse::<RoleName>() {
        Ok(role) if role.platform() == platform => Ok(role),
        _ => Err("Choose one of the roles."),
    }
}

/// What something is there for: one line, trimmed, up to 300 characters; may be empty.
pub(crate) fn description(text: &str) -> std::result::Result<String, &'static str> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    line(text, 1..=300).ok_or("Enter at most 300 visible characters on one line.")
}

/// Given or taken.
pub(crate) fn effect(text: &str) -> std::result::Result<Effect, &'static str> {
    text.parse().map_err(|_| "Choose grant or deny.")
}

/// A person makes an owner, who has just proved who they are, or the server itself: whoever came by a key would keep the organisation
/// after the key is gone.
pub(crate) fn owner_by_person<R: Rule>(permit: &Permit<R>, role: RoleName) -> Result<()> {
    if role.is_owner() && matches!(permit.actor(), Actor::Key { .. }) {
        return Err(Error::Forbidden("A person has to make somebody an owner. An API key cannot."));
    }
    Ok(())
}

/// Nobody hands on what they do not have.
pub(crate) fn within(wanted: PermissionSet, held: PermissionSet) -> Result<()> {
    if wanted.is_subset(held) {
        Ok(())
    } else {
        Err(Error::Forbidden("This would give more permissions than you have yourself."))
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;

    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(email("  Imran.Owner@Example.COM ").as_deref(), Ok("imran.owner@example.com"));
        for wrong in [
            "",
            "a",
            "a@",
            "@example.com",
            "a@b",
            "a b@example.com",
            "a@example..com",
            "a@-example.com",
            "a@b@example.com",
            "a\n@example.com",
            "x<y@example.com",
            "müller@example.com",
            // Cyrillic letters that look like Latin ones.
            "\u{456}mran@example.com",
            "imran@ex\u{430}mple.com",
            // The Kelvin sign, whose lower case is an ASCII letter.
            "\u{212a}im@example.com",
            "imran\u{200b}@example.com",
            "imran@example\u{ad}.com",
        ] {
            assert!(email(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_and_reasons_read_as_they_are_stored() {
        for right in
            ["Imran Owner", "  Zoë Müller ", "Ναταλία", "محمد", "山田 太郎", "O’Brien-Łuczak", "R2 🚀"]
        {
            assert_eq!(name(right).as_deref(), Ok(right.trim()), "{right:?}");
            let why = format!("Because of {right}");
            assert_eq!(reason(&why).as_deref(), Ok(why.trim()), "{right:?}");
        }
        for first_to_last in [
            0x00..=0x1f,
            0x7f..=0x9f,
            0xad..=0xad,
            0x61c..=0x61c,
            0x180e..=0x180e,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x2064,
            0x2066..=0x206f,
            0xfeff..=0xfeff,
            0xfff9..=0xfffb,
            0xe0000..=0xe007f,
        ] {
            for c in first_to_last.filter_map(char::from_u32) {
                let text = format!("Imran{c}Owner");
                assert!(name(&text).is_err(), "{text:?}");
                assert!(reason(&text).is_err(), "{text:?}");
            }
        }
    }

    #[test]
    fn a_name_that_nobody_can_see_is_none() {
        for blank in
            ["", " ", "\u{a0}", "\u{3000}", "\u{3164}", "\u{2800} \u{2800}", "\u{200b}", "\u{200b} \u{2060}"]
        {
            assert!(name(blank).is_err(), "{blank:?}");
            assert!(reason(&blank.repeat(3)).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn a_name_leads_nobody_elsewhere() {
        for wrong in [
            "Account closed! Log in at https://evil.example/x",
            "HTTP://evil.example",
            "See WWW.evil.example",
            "help@evil.example",
            "@imran",
        ] {
            assert!(name(wrong).is_ok(), "{wrong:?} is a line like others");
            assert!(called(wrong).is_err_and(|text| text.contains("://, www. or @")), "{wrong:?}");
        }
        for right in
            ["Imran Owner", "Dr. Zoë Müller", "St. John\u{2019}s Care: North / South", "3www Pty Ltd"]
        {
            assert_eq!(called(right).as_deref(), Ok(right), "{right:?}");
        }
        assert!(called("").is_err_and(|text| text.contains("1 to 100")));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(name(&"é".repeat(100)).is_ok());
        assert!(name(&"é".repeat(101)).is_err());
        assert!(reason("ab").is_err());
        assert!(reason(&"é".repeat(500)).is_ok());
        assert!(reason(&"é".repeat(501)).is_err());
    }

    #[test]
    fn a_platform_role_is_none_of_a_customers() {
        assert!(role("platform_owner", false).is_err());
        assert!(role("tenant_owner", true).is_err());
        assert!(role("root", false).is_err());
        assert!(role("custom-night-auditor", true).is_err());
        assert_eq!(role("auditor", false), Ok(Role::Auditor.into()));
        assert!(role("custom-night-auditor", false).is_ok());
    }
}
