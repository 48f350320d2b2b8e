//! The demonstration: a throw-away tenant in the situation of the requirement's page.

mod clock;
mod seed;

pub(crate) use clock::DemoClock;
pub(crate) use seed::{DemoSignIn, Seed};
