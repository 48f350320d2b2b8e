//! What of second factors is asked of a person, and whether they have it.
//!
//! A tenant and a role each have a floor. Every floor that asks for something asks of a person from the end of the grace on,
//! counted from the later of two moments: when the person came, and when that much was first asked for. The strictest applies.

use serde::{Deserialize, Serialize};

use crate::{
    entity::{Factor, FactorKind, FactorState, MfaFloor, SignInMethod},
    time::{Span, Timestamp},
};

/// The best that a person has verified, from nothing upwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Held {
    /// No second factor.
    Nothing,
    /// Only the word of an identity provider.
    Sso,
    /// A factor of their own, such as an authenticator app.
    Own,
    /// A passkey (WebAuthn), which no copied page can ask for.
    Passkey,
}

impl Held {
    /// What one verified factor of this kind amounts to.
    pub fn by(kind: FactorKind) -> Self {
        Self::named(Some(kind.name()))
    }

    /// What the strongest verified factor amounts to, by the name of its kind; nothing if there is none.
    pub fn named(kind: Option<&str>) -> Self {
        match kind {
            None => Self::Nothing,
            Some("sso") => Self::Sso,
            Some("passkey") => Self::Passkey,
            Some(_) => Self::Own,
        }
    }

    /// The best of these factors that is verified.
    pub fn of<'f>(factors: impl IntoIterator<Item = &'f Factor>) -> Self {
        let verified = factors.into_iter().filter(|factor| factor.state == FactorState::Verified);
        verified.map(|factor| Self::by(factor.kind)).max().unwrap_or(Self::Nothing)
    }

    /// Whether it is as much as `floor` asks for.
    pub const fn meets(self, floor: MfaFloor) -> bool {
        match floor {
            MfaFloor::Any => true,
            MfaFloor::Mfa => !matches!(self, Self::Nothing),
            MfaFloor::Passkey => matches!(self, Self::Passkey),
        }
    }
}

/// A floor, and since when it asks for as much.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Floor {
    level: MfaFloor,
    mfa_since: Option<Timestamp>,
    passkey_since: Option<Timestamp>,
}

impl Floor {
    /// Asks for nothing.
    pub const NONE: Self = Self { level: MfaFloor::Any, mfa_since: None, passkey_since: None };

    /// As it was stored: since when a second factor is asked for at all, and since when a passkey.
    pub const fn stored(mfa_since: Option<Timestamp>, passkey_since: Option<Timestamp>) -> Self {
        let level = match (mfa_since, passkey_since) {
            (_, Some(_)) => MfaFloor::Passkey,
            (Some(_), None) => MfaFloor::Mfa,
            (None, None) => MfaFloor::Any,
        };
        Self { level, mfa_since, passkey_since }
    }

    /// The floor at another level from `now` on. What was asked for before keeps its moment: whoever raises a floor gives
    /// nobody a new grace for what they lacked already.
    #[must_use]
    pub fn at(self, level: MfaFloor, now: Timestamp) -> Self {
        let keep = |asked: bool, since: Option<Timestamp>| asked.then(|| since.unwrap_or(now));
        let passkey = keep(level == MfaFloor::Passkey, self.passkey_since);
        Self::stored(keep(level != MfaFloor::Any, self.mfa_since), passkey)
    }

    /// What both ask for, each since the earlier moment.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let earlier = |one: Option<Timestamp>, two: Option<Timestamp>| one.into_iter().chain(two).min();
        let passkey = earlier(self.passkey_since, other.passkey_since);
        Self::stored(earlier(self.mfa_since, other.mfa_since), passkey)
    }

    /// What it asks for.
    pub const fn level(self) -> MfaFloor {
        self.level
    }

    /// Since when a second factor is asked for at all.
    pub const fn mfa_since(self) -> Option<Timestamp> {
        self.mfa_since
    }

    /// Since when a passkey is asked for.
    pub const fn passkey_since(self) -> Option<Timestamp> {
        self.passkey_since
    }
}

/// Everything that asks something of one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The floor of the tenant.
    pub tenant: Floor,
    /// The floors of the person's roles, of their own and of their teams', taken together.
    pub role: Floor,
    /// Days that a person may do without.
    pub grace_days: i64,
}

impl Asked {
    /// The strictest level.
    pub fn level(self) -> MfaFloor {
        self.tenant.level.max(self.role.level)
    }

    /// From when on a person who came at `joined` and has `held` needs more than that; nothing if it is enough.
    pub fn due(self, held: Held, joined: Timestamp) -> Option<Timestamp> {
        let asked = [self.tenant, self.role]
            .into_iter()
            .flat_map(|floor| [(MfaFloor::Mfa, floor.mfa_since), (MfaFloor::Passkey, floor.passkey_since)]);
        let unmet = asked.filter(|(level, _)| !held.meets(*level)).filter_map(|(_, since)| since);
        unmet.map(|since| since.max(joined) + Span::days(self.grace_days)).min()
    }

    /// How the person stands at `now`.
    pub fn standing(self, held: Held, joined: Timestamp, now: Timestamp) -> Standing {
        match self.due(held, joined) {
            None => Standing::Met,
            Some(until) if now < until => Standing::Grace(until),
            Some(_) => Standing::Below,
        }
    }

    /// Whether nothing less than their passkey is enough of a person who has one, from whom nothing less would be enough by now.
    pub fn holds_to_passkey(self, held: Held, joined: Timestamp, now: Timestamp) -> bool {
        held == Held::Passkey && self.standing(Held::Own, joined, now) == Standing::Below
    }

    /// How a session stands at `now` in which the person proved by `method` who they are.
    ///
    /// A passkey that lies in a drawer protects nobody from a copied page that asks for a code: where a passkey is asked for, it is
    /// used. A recovery code stands for the passkey that is lost, so whoever came by one sets up another.
    pub fn session(self, held: Held, method: SignInMethod, joined: Timestamp, now: Timestamp) -> Standing {
        match method {
            _ if !self.holds_to_passkey(held, joined, now) => self.standing(held, joined, now),
            SignInMethod::Passkey => Standing::Met,
            SignInMethod::PasswordRecovery => Standing::Below,
            _ => Standing::Unused,
        }
    }
}

/// How a person stands to what is asked of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// They have it.
    Met,
    /// They lack it, and may until then.
    Grace(Timestamp),
    /// They have the passkey that is asked for, and signed in by something less: until they show it they may do nothing else.
    Unused,
    /// They lack it and the grace is over: until they have set it up they may do nothing else.
    Below,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_micros(0) + Span::days(n)
    }

    fn asked(tenant: Floor, role: Floor, grace_days: i64) -> Asked {
        Asked { tenant, role, grace_days }
    }

    #[test]
    fn grace_counts_from_the_later_of_the_account_and_the_floor() {
        let floor = Floor::NONE.at(MfaFloor::Mfa, day(10));
        let asked = asked(floor, Floor::NONE, 14);
        assert_eq!(asked.due(Held::Nothing, day(1)), Some(day(24)));
        assert_eq!(asked.due(Held::Nothing, day(20)), Some(day(34)));
        for held in [Held::Sso, Held::Own, Held::Passkey] {
            assert_eq!(asked.standing(held, day(1), day(99)), Standing::Met, "{held:?}");
        }
        assert_eq!(asked.standing(Held::Nothing, day(1), day(23)), Standing::Grace(day(24)));
        assert_eq!(asked.standing(Held::Nothing, day(1), day(24)), Standing::Below);
    }

    #[test]
    fn the_strictest_of_tenant_and_role_applies() {
        let (mfa, passkey) =
            (Floor::NONE.at(MfaFloor::Mfa, day(1)), Floor::NONE.at(MfaFloor::Passkey, day(5)));
        for both in [asked(mfa, passkey, 0), asked(passkey, mfa, 0)] {
            assert_eq!(both.level(), MfaFloor::Passkey);
            assert_eq!(both.due(Held::Own, day(0)), Some(day(5)));
            assert_eq!(both.due(Held::Nothing, day(0)), Some(day(1)), "the sooner of what is lacking");
            assert_eq!(both.due(Held::Passkey, day(0)), None);
        }
        assert_eq!(asked(Floor::NONE, mfa, 0).due(Held::Nothing, day(0)), Some(day(1)), "the role alone");
        assert_eq!(asked(Floor::NONE, Floor::NONE, 0).due(Held::Nothing, day(0)), None);
    }

    #[test]
    fn floors_of_several_roles_ask_for_all_that_each_asks_for() {
        let (mfa, passkey) =
            (Floor::NONE.at(MfaFloor::Mfa, day(1)), Floor::NONE.at(MfaFloor::Passkey, day(5)));
        for both in [mfa.and(passkey), passkey.and(mfa)] {
            assert_eq!(both.level(), MfaFloor::Passkey);
            assert_eq!((both.mfa_since(), both.passkey_since()), (Some(day(1)), Some(day(5))));
        }
        assert_eq!(mfa.and(Floor::NONE), mfa);
        assert_eq!(Floor::NONE.and(Floor::NONE), Floor::NONE);
    }

    #[test]
    fn a_higher_floor_gives_nobody_a_new_grace_for_what_they_lacked() {
        let raised = Floor::NONE.at(MfaFloor::Mfa, day(1)).at(MfaFloor::Passkey, day(50));
        let asked = asked(raised, Floor::NONE, 14);
        assert_eq!(asked.due(Held::Nothing, day(0)), Some(day(15)));
        assert_eq!(asked.due(Held::Own, day(0)), Some(day(64)));
        let lowered = raised.at(MfaFloor::Mfa, day(60));
        assert_eq!((lowered.mfa_since(), lowered.passkey_since()), (Some(day(1)), None));
        assert_eq!(lowered.at(MfaFloor::Any, day(61)), Floor::NONE);
    }

    #[test]
    fn passkey_that_is_asked_for_is_used_once_the_grace_is_over() {
        let floor = |level| asked(Floor::NONE.at(level, day(1)), Floor::NONE, 14);
        let session = |level, held, method, now| floor(level).session(held, method, day(0), day(now));
        for method in SignInMethod::ALL.iter().copied() {
            let due = match method {
                SignInMethod::Passkey => Standing::Met,
                SignInMethod::PasswordRecovery => Standing::Below,
                _ => Standing::Unused,
            };
            assert_eq!(session(MfaFloor::Passkey, Held::Passkey, method, 15), due, "{method:?}");
            assert_eq!(session(MfaFloor::Passkey, Held::Passkey, method, 14), Standing::Met, "{method:?}");
            assert_eq!(session(MfaFloor::Mfa, Held::Passkey, method, 99), Standing::Met, "{method:?}");
            assert_eq!(session(MfaFloor::Any, Held::Nothing, method, 99), Standing::Met, "{method:?}");
            for held in [Held::Nothing, Held::Sso, Held::Own] {
                let lacks = session(MfaFloor::Passkey, held, method, 15);
                assert_eq!(
                    lacks,
                    Standing::Below,
                    "{held:?} by {method:?} sets one up, and is not asked for it"
                );
            }
        }
    }

    #[test]
    fn each_kind_counts_for_what_it_is() {
        assert_eq!(Held::named(None), Held::Nothing);
        for (kind, held) in [("sso", Held::Sso), ("totp", Held::Own), ("passkey", Held::Passkey)] {
            assert_eq!(Held::named(Some(kind)), held);
        }
        assert!(FactorKind::ALL.iter().all(|kind| Held::by(*kind) > Held::Nothing));
    }

    proptest! {
        #[test]
        fn more_is_never_asked_for_later(held in 0_usize..4, level in 0_usize..3, grace in 0_i64..91, joined in 0_i64..100, now in 0_i64..200) {
            let floor = Floor::NONE.at(MfaFloor::ALL[level], day(7));
            let asked = asked(floor, Floor::NONE, grace);
            let held = [Held::Nothing, Held::Sso, Held::Own, Held::Passkey][held];
            prop_assert_eq!(asked.due(held, day(joined)).is_none(), held.meets(floor.level()));
            if asked.standing(held, day(joined), day(now)) == Standing::Below {
                prop_assert_eq!(asked.standing(held, day(joined), day(now + 1)), Standing::Below);
                prop_assert!(asked.standing(Held::Passkey, day(joined), day(now)) == Standing::Met);
            }
        }
    }
}
