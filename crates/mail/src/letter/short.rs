//! Letters that fit into a short text: codes and what they are good for.

use zeroize::Zeroizing;

use super::{Letter, Unrenderable, until};
use crate::LinkBase;

/// Characters of a short text at most: four parts of a message on a phone.
pub const SHORT: usize = 600;
/// Lines of a difference that a short text names.
const SHOWN: usize = 2;

/// A text for a phone. It holds a code, so nothing prints it by accident:
///
/// ```compile_fail
/// fn print(text: &bailiwick_mail::ShortText) {
///     println!("{text:?}");
/// }
/// ```
pub struct ShortText(Zeroizing<String>);

impl ShortText {
    fn of(text: String) -> Self {
        let text = Zeroizing::new(text);
        Self(Zeroizing::new(text.chars().take(SHORT).collect()))
    }

    /// The text, for the message alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Letter {
    /// Writes the letter as a short text. What people have to know comes first, in case a gateway cuts it.
    ///
    /// # Errors
    /// [`Unrenderable`] for a letter that has no short form: those with links, which are for mailboxes alone.
    pub fn short(&self, base: &LinkBase) -> Result<ShortText, Unrenderable> {
        let host = base.host();
        match self {
            Self::StepUpCode(letter) => {
                let (code, until) = (letter.code.grouped(), until(letter.expires_at));
                let mut text =
                    format!("{}: code {} until {until}, only to: {}.", host, code.as_str(), letter.action);
                for line in letter.difference.iter().take(SHOWN) {
                    text.push_str(&format!(" {line}."));
                }
                if let Some(more) = letter.difference.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                    text.push_str(&format!(" And {more} more."));
                }
                text.push_str(&format!(" Digest {}. Give it to nobody.", letter.digest));
                Ok(ShortText::of(text))
            }
            Self::PhoneCode(letter) => {
                let (code, until) = (letter.code.grouped(), until(letter.expires_at));
                let code = code.as_str();
                Ok(ShortText::of(format!(
                    "{host}: code {code} until {until}, to use this number for one-time codes at {}. Give it to nobody.",
                    letter.organisation
                )))
            }
            Self::PhoneChanged(letter) => {
                let now = match &letter.number {
                    Some(number) => format!("go to {number}"),
                    None => "are sent by mail".to_owned(),
                };
                Ok(ShortText::of(format!(
                    "{host}: this number is no longer used at {}; one-time codes now {now}. If you did not do this, tell an owner there.",
                    letter.organisation
                )))
            }
            _ => Err(Unrenderable),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_domain::time::Timestamp;

    use super::*;
    use crate::{FactorResetLetter, Line, OneTimeCode, PhoneCodeLetter, StepUpLetter};

    fn at() -> Timestamp {
        Timestamp::parse("2026-01-02T03:14:05.000000Z").unwrap()
    }

    #[test]
    fn person_reads_on_the_phone_what_the_code_is_good_for() {
        let base = LinkBase::parse("https://b.example").unwrap();
        let letter = |lines: usize| {
            Letter::StepUpCode(StepUpLetter {
                action: Line::of("Suspend the organisation Example Care"),
                difference: (0..lines).map(|n| Line::of(&format!("Line {n}"))).collect(),
                digest: Line::of("9f2c 61ab 07de"),
                code: OneTimeCode::parse("12345678").unwrap(),
                expires_at: at(),
            })
        };
        assert_eq!(
            letter(3).short(&base).unwrap().expose(),
            "b.example: code 1234 5678 until 2 January 2026, 03:14 UTC, only to: Suspend the organisation Example Care. \
             Line 0. Line 1. And 1 more. Digest 9f2c 61ab 07de. Give it to nobody."
        );
        assert!(!letter(2).short(&base).unwrap().expose().contains("more"));
        let phone = Letter::PhoneCode(PhoneCodeLetter {
            organisation: Line::of(&"é".repeat(120)),
            number: Line::of("•••0156"),
            code: OneTimeCode::parse("00000001").unwrap(),
            expires_at: at(),
        });
        let text = phone.short(&base).unwrap();
        assert!(text.expose().contains("0000 0001") && text.expose().chars().count() <= SHORT);
    }

    #[test]
    fn a_letter_with_a_link_never_goes_to_a_phone() {
        let letter = Letter::FactorReset(FactorResetLetter {
            organisation: Line::of("Example"),
            by: Line::of("Imran"),
            at: at(),
            has_password: true,
        });
        assert!(letter.short(&LinkBase::parse("https://b.example").unwrap()).is_err());
    }
}
