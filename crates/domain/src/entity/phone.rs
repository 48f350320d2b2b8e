//! Phone numbers of people: proven ones, and those that wait to be.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{PhoneCheckId, UserId},
    time::Timestamp,
};

/// A phone number that its owner has proven, to which one-time codes for sensitive changes may be sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Phone {
    /// Whose it is; also the id.
    pub user: UserId,
    /// The number in full (E.164), such as `+61491570156`.
    pub number: String,
    /// When it was proven.
    pub verified_at: Timestamp,
}

impl Entity for Phone {
    const KIND: &'static str = "phone";
    const PERSONAL: &'static [&'static str] = &["number"];
    fn entity_id(&self) -> Uuid {
        self.user.uuid()
    }
}

/// A phone number that waits for its two codes. They exist only as keyed hashes, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PhoneCheck {
    /// The check's id.
    pub id: PhoneCheckId,
    /// Who says that the number is theirs.
    pub user: UserId,
    /// The number in full (E.164).
    pub number: String,
    /// Wrong answers that are still taken.
    pub tries_left: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the codes cease to work.
    pub expires_at: Timestamp,
}

impl PhoneCheck {
    /// Whether an answer is still looked at.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.tries_left > 0 && now < self.expires_at
    }
}

impl Entity for PhoneCheck {
    const KIND: &'static str = "phone_check";
    const PERSONAL: &'static [&'static str] = &["number"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

/// The end of a number, by which its owner recognises it: `•••0156`.
pub fn masked(number: &str) -> String {
    let end: String = number.chars().skip(number.chars().count().saturating_sub(4)).collect();
    format!("•••{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_recognises_the_end_of_their_number() {
        assert_eq!(masked("+61491570156"), "•••0156");
        assert_eq!((masked("+12").as_str(), masked("").as_str()), ("•••+12", "•••"));
    }
}
