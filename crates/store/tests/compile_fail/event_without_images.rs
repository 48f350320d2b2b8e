//! An event that says nothing of before and after.
use bailiwick_domain::entity::User;
use bailiwick_store::{Error, Event};

fn vague(user: &User) -> Result<Event, Error> {
    Event::new("user.renamed", user)
}

fn main() {}
