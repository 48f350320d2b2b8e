//! The operator's list of the countries of addresses.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use bailiwick_domain::habit::Countries;

use crate::exit::Refusal;

/// Octets of a list at most.
const LARGEST: u64 = 256 << 20;

/// Reads the list, if there is one. One that cannot be read whole is refused: places would be missing from what is noted.
pub(crate) fn countries(path: Option<&Path>) -> Result<Option<Arc<Countries>>, Refusal> {
    let Some(path) = path else { return Ok(None) };
    let name = path.display();
    let remedy = "let `audit.countries` name a list of ranges of addresses, or take it out";
    let unreadable =
        |error: io::Error| Refusal::new(format_args!("the list of countries {name}: {error}"), remedy);
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(Refusal::new(format_args!("the list of countries {name} is not a file"), remedy));
    }
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read as u64 > LARGEST {
        return Err(Refusal::new(
            format_args!("the list of countries {name} is larger than 256 MiB"),
            remedy,
        ));
    }
    let list = Countries::parse(&text)
        .map_err(|error| Refusal::new(format_args!("the list of countries {name}: {error}"), remedy))?;
    Ok(Some(Arc::new(list)))
}
