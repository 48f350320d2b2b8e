//! A record that is used twice.
use bailiwick_store::Recorded;

fn copy(recorded: &Recorded<()>) -> Recorded<()> {
    recorded.clone()
}

fn main() {}
