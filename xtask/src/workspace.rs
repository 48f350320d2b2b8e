//! Where things lie: the checkout, the build folder, the folder of tools.

use std::path::{Path, PathBuf};

use crate::command::Program;
use crate::stop::{Result, Stop};

/// The folders a task works in.
pub(crate) struct Workspace {
    /// The root of the checkout.
    pub(crate) root: PathBuf,
    /// Cargo's build folder.
    pub(crate) target: PathBuf,
    /// The search path of the programs that are started: the folder of tools first.
    pub(crate) path: std::ffi::OsString,
}

impl Workspace {
    /// Asks cargo where it builds.
    pub(crate) fn find() -> Result<Self> {
        // Read at run time: a build folder shared by two checkouts must not lead one into the other.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| Stop::failed("run this as `cargo xtask` inside the checkout"))?;
        let target = target_folder(&root)?;
        let mut folders = vec![tools_folder()?.join("bin")];
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let path = std::env::join_paths(folders).map_err(|error| Stop::failed(error.to_string()))?;
        Ok(Self { root, target, path })
    }

    /// A cargo command in the root of the checkout.
    pub(crate) fn cargo<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Program {
        self.program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).args(args)
    }

    /// Any program, in the root of the checkout.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Program {
        Program::new(program).dir(&self.root).env("PATH", &self.path).env("CARGO_TERM_COLOR", "never")
    }

    /// The built program `bailiwick`.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("debug").join("bailiwick")
    }
}

/// Where tools are kept between runs, outside the checkout.
pub(crate) fn tools_folder() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or_else(|| {
            Stop::failed("neither XDG_CACHE_HOME nor HOME is set: there is no place to keep tools")
        })?;
    Ok(cache.join("bailiwick").join("tools"))
}

/// Where a program lies in the search path, if it is there.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn target_folder(root: &Path) -> Result<PathBuf> {
    let text = Program::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--quiet"])
        .dir(root)
        .expect()?;
    let json = text.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(json)
        .ok()
        .and_then(|value| value.get("target_directory")?.as_str().map(PathBuf::from))
        .ok_or_else(|| Stop::failed(format!("cargo metadata names no build folder:\n{text}")))
}
