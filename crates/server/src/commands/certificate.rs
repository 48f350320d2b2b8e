//! `bailiwick audit certificate`

use std::{fs, io::Read, path::Path};

use bailiwick_proof::{
    certificate::{Certificate, MAX_CERTIFICATE_BYTES},
    checkpoint::VerifierKey,
};

use crate::{
    exit::{Failure, Refusal},
    ui,
};

/// Checks an erasure certificate with the log's public key alone, and prints what it certifies.
pub(crate) fn run(file: &Path, key: &str) -> Result<(), Failure> {
    let key: VerifierKey = key.parse().map_err(|error| {
        Failure::Asked(Refusal::new(
            format_args!("--key: {error}"),
            "copy the whole key, from its name to the end",
        ))
    })?;
    let text = read(file).map_err(|error| {
        let remedy = "name a file that this account may read";
        Failure::Asked(Refusal::new(format_args!("{}: {error}", file.display()), remedy))
    })?;
    let (_, checkpoint) = Certificate::check(&text, &key)
        .map_err(|error| Failure::failed(format_args!("the certificate does not verify\n{error}")))?;
    ui::print(&text);
    ui::say(format_args!(
        "\nThe certificate holds: its record lies in {}, signed at {} events.",
        checkpoint.origin, checkpoint.size
    ));
    Ok(())
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before opening, because opening a pipe would wait for its writer.
    if !fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut text = Vec::new();
    // One octet more than is read: what is longer is refused as such.
    let most = u64::try_from(MAX_CERTIFICATE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(file)?.take(most).read_to_end(&mut text)?;
    Ok(text)
}
