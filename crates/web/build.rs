//! Has the crate built anew whenever an embedded file comes, goes or changes: what a macro reads while it expands is
//! unknown to Cargo.

fn main() {
    // Cargo looks through a folder with everything below it.
    for folder in ["assets", "templates"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
