//! Parsing what people type, once, at the edge of every operation.

use bailiwick_domain::{entity::Effect, permission::PermissionSet, role::Role};

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
/// Only the shape is checked; that somebody reads it is shown by the mail that arrives (OWASP ASVS 5.0, 6.3).
pub(crate) fn email(text: &str) -> std::result::Result<String, &'static str> {
    const WRONG: &str = "Enter an e-mail address, such as name@example.com.";
    let text = text.trim().to_lowercase();
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
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    let fits = (1..=64).contains(&local.len())
        && text.len() <= 254
        && local.chars().all(plain)
        && domain.contains('.')
        && labels;
    if fits { Ok(text) } else { Err(WRONG) }
}

/// A name or title as people read it: trimmed, one line, 1 to 100 characters.
pub(crate) fn name(text: &str) -> std::result::Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("Enter 1 to 100 characters on one line.") }
}

/// A reason: trimmed, one line, 3 to 500 characters.
pub(crate) fn reason(text: &str) -> std::result::Result<String, &'static str> {
    let text = text.trim();
    let fits = (3..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("Give a reason of 3 to 500 characters on one line.") }
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

/// A role by name, of the tenant's kind.
pub(crate) fn role(text: &str, platform: bool) -> std::result::Result<Role, &'static str> {
    match text.parse::<Role>() {
        Ok(role) if role.platform() == platform => Ok(role),
        _ => Err("Choose one of the roles."),
    }
}

/// Given or taken.
pub(crate) fn effect(text: &str) -> std::result::Result<Effect, &'static str> {
    text.parse().map_err(|_| "Choose grant or deny.")
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
        ] {
            assert!(email(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_platform_role_is_none_of_a_customers() {
        assert!(role("platform_owner", false).is_err());
        assert!(role("tenant_owner", true).is_err());
        assert!(role("root", false).is_err());
        assert_eq!(role("auditor", false), Ok(Role::Auditor));
    }
}
