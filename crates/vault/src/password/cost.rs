//! How much work a password hash is.

use argon2::Params;

use super::{OUTPUT, PasswordError};

const LEAST_MEMORY_KIB: u32 = 7 * 1024;
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 16;

/// The parameters of Argon2id.
///
/// The default is the first choice of the OWASP password storage guide: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl PasswordCost {
    /// Next to no work, for tests alone.
    #[cfg(any(test, feature = "test-entropy"))]
    pub const INSECURE: Self = Self { memory_kib: 16, passes: 1, lanes: 1 };

    /// A cost from configuration: memory in KiB (7 MiB to 1 GiB), passes (up to 64), lanes (up to 16).
    ///
    /// # Errors
    /// [`CostError`] outside these bounds, or when memory × passes falls below every choice of the OWASP
    /// guide.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let in_bounds = memory_kib >= LEAST_MEMORY_KIB
            && memory_kib <= MOST_MEMORY_KIB
            && passes >= 1
            && passes <= MOST_PASSES
            && lanes >= 1
            && lanes <= MOST_LANES;
        // 7 MiB × 5, 9 MiB × 4, 12 MiB × 3, 19 MiB × 2, 46 MiB × 1: the least product is 35 MiB.
        if in_bounds && memory_kib as u64 * passes as u64 >= 35 * 1024 {
            Ok(Self { memory_kib, passes, lanes })
        } else {
            Err(CostError)
        }
    }

    pub(super) fn params(&self) -> Result<Params, PasswordError> {
        // Unreachable for a cost that `new` let through; reported as what it would mean.
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT)).map_err(|_| PasswordError::Memory)
    }

    pub(super) fn is_of(&self, params: &Params) -> bool {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (self.memory_kib, self.passes, self.lanes)
    }
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// Whether a stored hash's parameters are such as this program would spend on one verification.
pub(super) fn acceptable(params: &Params) -> bool {
    params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES && params.p_cost() <= MOST_LANES
}

/// A password cost out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "password cost out of bounds: memory 7168 to 1048576 KiB, passes 1 to 64, lanes 1 to 16, and memory times passes at \
     least 35840 KiB"
)]
pub struct CostError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_may_choose_any_cost_of_the_owasp_guide_and_none_below() {
        for (mib, passes) in [(46, 1), (19, 2), (12, 3), (9, 4), (7, 5), (64, 3)] {
            assert!(PasswordCost::new(mib * 1024, passes, 1).is_ok(), "{mib} MiB × {passes}");
        }
        for (mib, passes, lanes) in
            [(19, 1, 1), (7, 4, 1), (6, 9, 1), (19, 0, 1), (19, 2, 0), (19, 65, 1), (19, 2, 17), (1025, 1, 1)]
        {
            assert_eq!(
                PasswordCost::new(mib * 1024, passes, lanes),
                Err(CostError),
                "{mib} MiB × {passes} × {lanes}"
            );
        }
        assert_eq!(PasswordCost::new(19 * 1024, 2, 1), Ok(PasswordCost::default()));
    }
}
