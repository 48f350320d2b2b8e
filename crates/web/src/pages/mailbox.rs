//! The mailbox of a demonstration, to which its letters go instead of to people. No other server has these pages.

mod list;
mod show;

use std::str::FromStr;

use bailiwick_mail::Mailbox;

use crate::{
    error::{Error, Result},
    routes::Routes,
    state::{AppState, Outgoing},
};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/mailbox", list::list).get("/mailbox/{number}", show::show)
}

fn mailbox(app: &AppState) -> Result<&Mailbox> {
    match &app.outgoing {
        Outgoing::Kept(mailbox) => Ok(mailbox),
        Outgoing::Nowhere | Outgoing::Smtp => Err(Error::NotFound),
    }
}

/// The number of a message in the path.
struct Number(u64);

impl FromStr for Number {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
