//! Encryption keys: rotating them by hand and by schedule, wrapping anew what is under older versions, and destroying those.

mod destroy;
mod root_move;
mod rotate;
mod schedule;
mod upkeep;

pub use destroy::{cancel, certificate, request};
pub use root_move::{Mover, NewMove, begin as begin_root_move};
pub use rotate::rotate;
pub use schedule::{LEAST_DAYS, MOST_DAYS, set_schedule};
pub use upkeep::Upkeep;
