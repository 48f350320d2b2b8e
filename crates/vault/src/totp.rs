//! Time-based one-time passwords: RFC 6238 with SHA-1, 6 digits and 30 seconds, as every authenticator app
//! has them.

use std::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::envelope::{self, Context, OpenError, SealError, Sealed};
use crate::keyring::TenantKeys;
use crate::secret::SecretBytes;

/// Seconds a code is shown for.
pub const PERIOD: u64 = 30;
/// How many periods the user's clock may be off, either way (RFC 6238, section 5.2 recommends one).
pub const SKEW: u64 = 1;
/// How many periods off a clock is still recognised as a clock that is off. Its codes are refused all the same.
pub const RECOGNISED: i64 = 10;
const DIGITS: usize = 6;

/// The secret shared with one authenticator: 160 bits, as RFC 4226 recommends.
pub struct TotpSecret(SecretBytes<20>);

impl TotpSecret {
    /// Draws a new secret.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(SecretBytes::random(entropy))
    }

    /// Seals the secret for storage at `context`.
    ///
    /// # Errors
    /// As [`envelope::seal`].
    pub fn seal(
        &self,
        keys: &TenantKeys,
        context: &Context<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Sealed, SealError> {
        envelope::seal(keys.newest(), context, self.0.expose(), entropy)
    }

    /// Opens a stored secret.
    ///
    /// # Errors
    /// As [`envelope::open`]; [`OpenError::Rejected`] too when something other than a secret was sealed
    /// there.
    pub fn open(keys: &TenantKeys, context: &Context<'_>, sealed: &Sealed) -> Result<Self, OpenError> {
        let plaintext = envelope::open(keys, context, sealed)?;
        SecretBytes::copy_from(plaintext.as_bytes()).map(Self).ok_or(OpenError::Rejected)
    }

    /// The `otpauth://totp/` address to show as a QR code, once, at enrolment.
    ///
    /// # Errors
    /// [`LabelError`] when `issuer` or `account` is empty or contains a colon, which separates the two.
    pub fn otpauth_url(&self, issuer: &str, account: &str) -> Result<Zeroizing<String>, LabelError> {
        if issuer.is_empty() {
            return Err(LabelError);
        }
        let builder = self.builder().with_issuer(Some(issuer)).with_account_name(account);
        let url = builder.build().map_err(|_| LabelError)?.to_url();
        url.map(Zeroizing::new).map_err(|_| LabelError)
    }

    /// The secret in base32 without padding, to be typed into an app that has no camera.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(Secret::new_stack(*self.0.expose()).to_base32())
    }

    /// A secret from the base32 text that was shown at enrolment; `None` unless it is 160 bits.
    #[must_use]
    pub fn from_base32(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(Secret::try_from_base32(text).ok()?.as_bytes().to_vec());
        SecretBytes::copy_from(&bytes).map(Self)
    }

    /// The code that an authenticator with this secret shows at a time in seconds since 1970 UTC: for the demonstration
    /// and for tests, which stand in for the device.
    #[must_use]
    pub fn code_at(&self, unix_seconds: u64) -> Zeroizing<String> {
        expected(&self.builder().build_noncompliant(), unix_seconds / PERIOD)
    }

    /// Checks a code at a time in seconds since 1970 UTC and gives the time step it belongs to.
    ///
    /// `last_step` is the step of the last code accepted from this authenticator, kept by the caller and
    /// replaced by the returned one in the same transaction. Codes of that step and of earlier ones are
    /// refused, so none is accepted twice (RFC 6238, section 5.2).
    ///
    /// # Errors
    /// [`TotpError`]; the user is told no more than that the code was not accepted.
    pub fn verify(&self, code: &str, unix_seconds: u64, last_step: Option<u64>) -> Result<u64, TotpError> {
        let code: &[u8; DIGITS] = code.as_bytes().try_into().map_err(|_| TotpError::Malformed)?;
        if !code.iter().all(u8::is_ascii_digit) {
            return Err(TotpError::Malformed);
        }
        let totp = self.builder().build_noncompliant();
        let now = unix_seconds / PERIOD;
        // Every step is compared, whichever one fits, so the time taken does not tell which did.
        let (mut fresh, mut fresh_step, mut replayed) = (Choice::from(0), 0_u64, Choice::from(0));
        for step in now.saturating_sub(SKEW)..=now.saturating_add(SKEW) {
            let fits = expected(&totp, step).as_bytes().ct_eq(code);
            let used = Choice::from(u8::from(last_step.is_some_and(|last| step <= last)));
            fresh_step.conditional_assign(&step, fits & !used);
            fresh |= fits & !used;
            replayed |= fits & used;
        }
        match (bool::from(fresh), bool::from(replayed)) {
            (true, _) => Ok(fresh_step),
            (false, true) => Err(TotpError::Replayed),
            (false, false) => Err(TotpError::Wrong),
        }
    }

    /// For a code that [`verify`](Self::verify) refused: by how many periods the clock of its device seems to be off,
    /// ahead if positive, where that is at most [`RECOGNISED`] either way. Nothing is accepted by it.
    ///
    /// Only for whoever has just been shown the secret: to anybody else the answer would say that a guess is the code of
    /// another moment, and that moment may be still to come.
    pub fn clock_off(&self, code: &str, unix_seconds: u64) -> Option<i64> {
        let code: &[u8; DIGITS] = code.as_bytes().try_into().ok()?;
        let totp = self.builder().build_noncompliant();
        let now = i64::try_from(unix_seconds / PERIOD).ok()?;
        let (mut found, mut off) = (Choice::from(0), 0_i64);
        for by in -RECOGNISED..=RECOGNISED {
            let Ok(step) = u64::try_from(now + by) else { continue };
            let beyond = Choice::from(u8::from(by.unsigned_abs() > SKEW));
            let fits = expected(&totp, step).as_bytes().ct_eq(code) & beyond;
            off.conditional_assign(&by, fits & !found);
            found |= fits;
        }
        bool::from(found).then_some(off)
    }

    fn builder(&self) -> Builder {
        // SHA-1, 6 digits, 30 seconds are the library's defaults, and stated here because stored secrets
        // depend on them.
        Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(PERIOD)
            .with_secret(Secret::new_stack(*self.0.expose()))
    }
}

fn expected(totp: &Totp, step: u64) -> Zeroizing<String> {
    Zeroizing::new(totp.generate(step.saturating_mul(PERIOD)).to_string())
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// Not six ASCII digits.
    #[error("a code has six digits")]
    Malformed,
    /// Not the code of this moment.
    #[error("the code is wrong")]
    Wrong,
    /// A right code whose step, or a later one, was used already.
    #[error("the code was used already")]
    Replayed,
}

/// An issuer or account name that cannot stand in an otpauth address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("issuer and account name are not empty and contain no colon")]
pub struct LabelError;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::keyring::tests::keyring;
    use crate::secret::assert_hidden;

    fn rfc_secret() -> TotpSecret {
        TotpSecret(SecretBytes::copy_from(b"12345678901234567890").unwrap())
    }

    #[test]
    fn codes_match_rfc_6238_appendix_b() {
        for (seconds, eight_digits) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let code = eight_digits.get(2..).unwrap();
            assert_eq!(rfc_secret().verify(code, seconds, None), Ok(seconds / PERIOD), "at {seconds}");
        }
    }

    #[test]
    fn a_clock_half_a_minute_off_is_accepted_and_a_minute_off_is_not() {
        let secret = rfc_secret();
        let code = "287082"; // step 1, seconds 30 to 59
        for seconds in [0, 29, 30, 59, 60, 89] {
            assert_eq!(secret.verify(code, seconds, None), Ok(1), "at {seconds}");
        }
        assert_eq!(secret.verify(code, 90, None), Err(TotpError::Wrong));
    }

    #[test]
    fn a_clock_that_is_off_is_recognised_and_its_code_is_refused() {
        let secret = rfc_secret();
        for off in [-10_i64, -3, -2, 2, 7, 10] {
            let now = 1_111_111_111_u64;
            let device = now.saturating_add_signed(off * 30);
            let code = secret.code_at(device);
            assert_eq!(secret.verify(&code, now, None), Err(TotpError::Wrong), "{off}");
            assert_eq!(secret.clock_off(&code, now), Some(off), "{off}");
        }
        for off in [-11_i64, -1, 0, 1, 11] {
            let now = 1_111_111_111_u64;
            let code = secret.code_at(now.saturating_add_signed(off * 30));
            assert_eq!(secret.clock_off(&code, now), None, "{off}");
        }
        for bad in ["", "28708", "28708a", "２８７"] {
            assert_eq!(secret.clock_off(bad, 59), None, "{bad:?}");
        }
        assert_eq!(secret.clock_off("287082", 0), None, "within the window of the first minute");
    }

    #[test]
    fn a_code_is_accepted_once() {
        let secret = rfc_secret();
        let step = secret.verify("287082", 59, None).unwrap();
        assert_eq!(secret.verify("287082", 59, Some(step)), Err(TotpError::Replayed));
        assert_eq!(secret.verify("287082", 70, Some(step)), Err(TotpError::Replayed));
        assert_eq!(
            secret.verify("287082", 59, Some(step + 1)),
            Err(TotpError::Replayed),
            "nor an earlier one later"
        );
        assert_eq!(secret.verify("287082", 59, Some(step - 1)), Ok(step));
    }

    #[test]
    fn anything_but_six_ascii_digits_is_malformed() {
        for bad in ["", "28708", "2870820", "+87082", "28 082", "28708a", "２８７", "94287082"] {
            assert_eq!(rfc_secret().verify(bad, 59, None), Err(TotpError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn authenticator_app_reads_the_address() {
        let url = rfc_secret().otpauth_url("Acme Care", "ada@example.org").unwrap();
        let read = Totp::from_url(url.as_str()).unwrap();
        assert_eq!((read.issuer(), read.account_name()), (Some("Acme Care"), "ada@example.org"));
        assert_eq!(read.secret().as_bytes(), b"12345678901234567890");
        assert_eq!(rfc_secret().base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (issuer, account) in [("", "a"), ("a", ""), ("a:b", "c"), ("a", "b:c")] {
            assert_eq!(rfc_secret().otpauth_url(issuer, account).unwrap_err(), LabelError);
        }
        assert_hidden(&rfc_secret(), b"12345678901234567890");
    }

    #[tokio::test]
    async fn a_secret_is_stored_sealed() {
        let ring = keyring(1);
        let keys = ring.load(&[ring.create([3; 16]).await.unwrap()]).await.unwrap();
        let context = Context { tenant: [3; 16], table: "factor", row: b"1", column: "secret", version: 1 };
        let entropy = SeededEntropy::new(111);
        let sealed = rfc_secret().seal(&keys, &context, &entropy).unwrap();
        let opened = TotpSecret::open(&keys, &context, &sealed).unwrap();
        assert_eq!(opened.verify("287082", 59, None), Ok(1));
        let short = envelope::seal(keys.newest(), &context, b"short", &entropy).unwrap();
        assert_eq!(TotpSecret::open(&keys, &context, &short).unwrap_err(), OpenError::Rejected);
    }

    proptest! {
        #[test]
        fn a_current_code_is_accepted_at_any_time(seed: u64, seconds in 0..u64::MAX / 2) {
            let secret = TotpSecret::generate(&SeededEntropy::new(seed));
            let step = seconds / PERIOD;
            let code = expected(&secret.builder().build_noncompliant(), step);
            let accepted = secret.verify(&code, seconds, None).unwrap();
            prop_assert!(accepted.abs_diff(step) <= SKEW);
            prop_assert!(secret.verify(&code, seconds, Some(step + SKEW)).is_err());
        }

        #[test]
        fn arbitrary_codes_at_arbitrary_times_do_not_panic(code in ".{0,8}", digits in "[0-9]{6}", seconds: u64) {
            let secret = rfc_secret();
            let _ = secret.verify(&code, seconds, None);
            let _ = secret.verify(&digits, seconds, Some(seconds));
            let _ = secret.verify(&digits, u64::MAX - seconds % 100, None);
            let _ = secret.clock_off(&code, seconds);
            let _ = secret.clock_off(&digits, u64::MAX - seconds % 100);
        }
    }
}
