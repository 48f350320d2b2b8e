//! SoftHSM, a token of PKCS #11 in files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::running::find;

/// The PIN of the token's user.
const PIN: &str = "90210";
/// The PIN of the token's security officer.
const OFFICER: &str = "424242";

/// A token; it goes with this value.
pub struct SoftHsm {
    folder: TempDir,
    module: PathBuf,
}

impl SoftHsm {
    /// Makes an empty token of this label. Programs find it with [`variable`](Self::variable) in their environment.
    ///
    /// # Panics
    /// Where SoftHSM is not installed.
    #[must_use]
    pub fn make(label: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("bailiwick-softhsm-").tempdir().expect("a folder");
        let tokens = folder.path().join("tokens");
        fs::create_dir(&tokens).expect("a folder for tokens");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(folder.path().join("softhsm2.conf"), text).expect("a file of settings");
        let made = Self { folder, module: module() };
        made.must(
            "softhsm2-util",
            &["--init-token", "--free", "--label", label, "--so-pin", OFFICER, "--pin", PIN],
        );
        made
    }

    /// The library that programs load.
    #[must_use]
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// The PIN of the token's user.
    #[must_use]
    pub const fn pin(&self) -> &'static str {
        PIN
    }

    /// The variable, and its value, without which the library looks for other tokens.
    #[must_use]
    pub fn variable(&self) -> (&'static str, PathBuf) {
        ("SOFTHSM2_CONF", self.folder.path().join("softhsm2.conf"))
    }

    /// Makes a key in the token: `AES:32` is one of 256 bits. One that `may_leave` can be extracted.
    ///
    /// # Panics
    /// Where the token does not make it.
    pub fn make_key(&self, token: &str, label: &str, kind: &str, may_leave: bool) {
        let may_leave = may_leave.then_some("--extractable");
        let mut args = vec!["--token-label", token, "--login", "--pin", PIN, "--keygen", "--key-type", kind];
        args.extend(["--label", label, "--sensitive"]);
        args.extend(may_leave);
        self.tool(&args);
    }

    /// Takes away a key of this label.
    ///
    /// # Panics
    /// Where there is none.
    pub fn remove_key(&self, token: &str, label: &str) {
        self.tool(&[
            "--token-label",
            token,
            "--login",
            "--pin",
            PIN,
            "--delete-object",
            "--type",
            "secrkey",
            "--label",
            label,
        ]);
    }

    fn tool(&self, args: &[&str]) {
        let module = self.module.display().to_string();
        self.must("pkcs11-tool", &[&["--module", module.as_str()], args].concat());
    }

    fn must(&self, program: &str, args: &[&str]) {
        let (name, value) = self.variable();
        let output = Command::new(find(program))
            .args(args)
            .env(name, value)
            .stdin(Stdio::null())
            .output()
            .expect("a program that can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{program} {args:?}: {said}{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

/// Where distributions put the library.
fn module() -> PathBuf {
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so"]
        .map(PathBuf::from)
        .into_iter()
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("SoftHSM is not installed: `cargo xtask test` does that"))
}
