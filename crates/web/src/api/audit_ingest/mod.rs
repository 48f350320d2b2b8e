//! Events of the guarded product.

pub(super) mod create;
mod item;

use bailiwick_domain::product::LIMITS;
use bailiwick_ops::audit::ingest::{ItemFault, MOST_INCLUDED, Refused};

use crate::{error::Error, forms::Problem};

// A sentence below says so.
const _: () = assert!(LIMITS.items == 1_000);

/// Where something is wrong: an event of an array by its place in it.
fn place(many: bool, item: usize, pointer: &str) -> String {
    let inside = pointer.strip_prefix('/').unwrap_or(pointer);
    match (many, inside) {
        (false, inside) => inside.to_owned(),
        (true, "") => item.to_string(),
        (true, inside) => format!("{item}/{inside}"),
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let whole = |text: String| vec![Problem::new("", text)];
        match refused {
            Refused::Syntax { offset, what } => Self::Unreadable(whole(format!("Octet {offset}: {what}."))),
            Refused::Number => Self::Invalid(whole("Send 1 to 1,000 events.".into())),
            Refused::TooManyIncluded => {
                Self::Invalid(whole(format!("With wait=included, send at most {MOST_INCLUDED} events.")))
            }
            Refused::Items { many, faults } => Self::Invalid(
                faults
                    .into_iter()
                    .map(|ItemFault { item, fault }| {
                        Problem::new(place(many, item, &fault.pointer), fault.text)
                    })
                    .collect(),
            ),
            Refused::Taken { many, places } => Self::KeyTaken(
                places
                    .into_iter()
                    .map(|item| Problem::new(place(many, item, "/key"), "Another event has this key."))
                    .collect(),
            ),
            Refused::Store(error) => error.into(),
        }
    }
}
