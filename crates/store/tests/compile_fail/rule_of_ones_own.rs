//! A rule outside the list, which would let anybody write.
use bailiwick_domain::rule::{Entry, Need, Rule, Writes};

enum Whatever {}

impl Rule for Whatever {
    const NEED: Need = Need::Anyone;
    const NAME: &'static str = "Whatever";
}

impl Writes for Whatever {}
impl Entry for Whatever {}

fn main() {}
