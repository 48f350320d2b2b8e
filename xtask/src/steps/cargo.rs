//! Checks that cargo itself carries out, each counted as one.

use crate::report::Verdict;
use crate::stop::Result;
use crate::workspace::Workspace;

/// Every Rust file is formatted.
pub(super) fn format(workspace: &Workspace) -> Result<Verdict> {
    single(workspace, &["fmt", "--all", "--check", "--", "--color", "never"])
}

/// What the checked program has beyond the everyday one: everything that is shipped. Whatever that is built on is compiled for the
/// tests of its own crates anyway.
pub(super) const SHIPPED: [&str; 2] =
    ["--features", "bailiwick-server/objects,bailiwick-server/awskms,bailiwick-server/pkcs11"];

/// Clippy finds nothing in any target, neither in what is shipped nor in the everyday build.
pub(super) fn lint(workspace: &Workspace) -> Result<Verdict> {
    let common = ["clippy", "--workspace", "--all-targets", "--locked", "--offline"];
    let (mut success, mut output) = (true, String::new());
    for features in [&SHIPPED[..], &[]] {
        let args = [&common[..], features, &["--", "-D", "warnings"]].concat();
        let finished = workspace.cargo(args).run()?;
        success &= finished.success;
        output.push_str(&finished.output);
    }
    Ok(Verdict::single(success, output))
}

/// Licences, sources and forbidden crates, by what is on this machine alone.
pub(super) fn dependencies(workspace: &Workspace) -> Result<Verdict> {
    single(
        workspace,
        &["deny", "--offline", "--locked", "--log-level", "error", "check", "bans", "licenses", "sources"],
    )
}

/// Programs and tests compile, with the features the tests use, so that nothing is built twice. The benchmarks stay out:
/// they would turn on what the shipped program does not have.
pub(super) fn build(workspace: &Workspace) -> Result<Verdict> {
    let common = [
        "build",
        "--workspace",
        "--exclude",
        "bailiwick-bench",
        "--bins",
        "--tests",
        "--locked",
        "--offline",
    ];
    single(workspace, &[&common[..], &SHIPPED].concat())
}

fn single(workspace: &Workspace, args: &[&str]) -> Result<Verdict> {
    let finished = workspace.cargo(args.iter().copied()).run()?;
    Ok(Verdict::single(finished.success, finished.output))
}
