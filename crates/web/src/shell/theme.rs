//! Light or dark.

use std::str::FromStr;

use axum_extra::extract::cookie::Cookie;

use crate::access::cookies;

/// The look that a person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Whatever the system asks for.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The text names no theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a theme")]
pub struct UnknownTheme;

impl Theme {
    /// The name in the cookie and in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The cookie that keeps the choice for a year. Scripts read it before the first paint.
    pub fn cookie(self) -> Cookie<'static> {
        let text =
            format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax; Secure", cookies::THEME, self.name());
        Cookie::parse(text).unwrap_or_else(|_| Cookie::new(cookies::THEME, self.name()))
    }
}

impl FromStr for Theme {
    type Err = UnknownTheme;
    fn from_str(text: &str) -> Result<Self, UnknownTheme> {
        [Self::Auto, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.name() == text)
            .ok_or(UnknownTheme)
    }
}
