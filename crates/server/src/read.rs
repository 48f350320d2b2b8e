//! Reading the files that an operator names, and no more of them than such a file can hold.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// Far more than any of them: configuration, certificate, key, pack, password.
const LARGEST: u64 = 1 << 20;

/// The octets of a file. Refuses what is no regular file, because a device has no end, and what is larger than it can be.
pub(crate) fn octets(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before opening, because opening a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let mut read = Vec::new();
    // Bounded while it is read as well: a file may grow, and its stated size may be wrong.
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut read)?;
    if read.len() as u64 > LARGEST { Err(refused()) } else { Ok(read) }
}

/// The text of a file, within the same bounds.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(octets(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8"))
}

fn refused() -> io::Error {
    io::Error::other("it has to be a regular file of 1 MiB at most")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let refused = |path: &Path| {
            let error = octets(path).unwrap_err().to_string();
            assert!(error.contains("regular file of 1 MiB at most"), "{error}");
        };
        let largest = vec![b'x'; 1 << 20];
        fs::write(&path, &largest).unwrap();
        assert_eq!(octets(&path).unwrap(), largest);
        fs::write(&path, [largest.as_slice(), b"x"].concat()).unwrap();
        refused(&path);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        refused(&link);
        refused(folder.path());
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(text(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(octets(&folder.path().join("nowhere")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
