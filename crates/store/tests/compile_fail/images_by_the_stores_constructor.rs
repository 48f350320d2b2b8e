//! The images of a write that never happened, made the way the store makes them.
use bailiwick_domain::entity::User;
use bailiwick_store::Written;

fn invent(user: User) -> Written<User> {
    Written::created(user)
}

fn main() {}
