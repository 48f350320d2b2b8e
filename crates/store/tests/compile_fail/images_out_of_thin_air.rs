//! The images of a write that never happened.
use bailiwick_domain::entity::User;
use bailiwick_store::Written;

fn invent(user: User) -> Written<User> {
    Written { before: None, after: Some(user) }
}

fn main() {}
