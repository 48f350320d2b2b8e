//! Values of the section `[mail]`.

use std::{fmt, path::Path};

use bailiwick_mail::Sender;

use super::value::Setting;

/// The name or address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host(pub(crate) String);

impl Setting for Host {
    fn expected() -> String {
        "the name of a server such as \"smtp.example.com\", or its address".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':');
        (!text.is_empty() && text.len() <= 253 && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// A name to sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) String);

impl Setting for Word {
    fn expected() -> String {
        "one line of text".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// A password. Nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for Secret {
    const SECRET: bool = true;

    fn expected() -> String {
        "a password of one line".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        "***".into()
    }
}

/// Who letters come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailSender(pub(crate) Sender);

impl Setting for MailSender {
    fn expected() -> String {
        "an address such as \"no-reply@example.com\", or a name with one such as \"Bailiwick <no-reply@example.com>\"".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn shown(&self) -> toml::Value {
        self.0.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn nobody_sees_the_password_of_the_mail_server() {
        let password = Secret::from_text("hunter2", Path::new("")).unwrap();
        assert!(!format!("{password:?} {}", password.shown()).contains("hunter2"));
    }

    #[test]
    fn what_could_be_two_things_is_refused() {
        for text in ["", "smtp.example.com/x", "smtp example", "smtp\n.example"] {
            assert_eq!(Host::from_text(text, Path::new("")), None, "{text:?}");
        }
        assert_eq!(Word::from_text("a\nb", Path::new("")), None);
        assert_eq!(MailSender::from_text("a@b.example, c@d.example", Path::new("")), None);
    }
}
