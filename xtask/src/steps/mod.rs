//! The checks, in the order in which they run.

mod browser;
mod cargo;
mod tests;

use std::time::Instant;

use clap::Args;

use crate::machine::{self, Need};
use crate::postgres::Durability;
use crate::report::{Tally, Verdict};
use crate::stop::{Result, Stop};
use crate::tools::{self, DENY, DUCKDB, NEXTEST, OPENBAO, SEAWEEDFS, Tool};
use crate::workspace::Workspace;
use crate::{interrupt, structure};

/// Arguments of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Run only this step (may be repeated)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and end
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    durability: Durability,
}

/// Arguments of `cargo xtask e2e`.
#[derive(Args)]
pub(crate) struct E2eArgs {
    /// Run only the test files whose name contains this
    filter: Option<String>,
    /// Keep screenshots in this folder
    #[arg(long, value_name = "DIR")]
    shots: Option<std::path::PathBuf>,
}

/// One check or group of checks.
struct Step {
    name: &'static str,
    about: &'static str,
    tools: &'static [Tool],
    needs: &'static [Need],
    /// Whether it makes no sense after the build has failed.
    after_build: bool,
    run: fn(&Workspace, Durability) -> Result<Verdict>,
}

const STEPS: [Step; 8] = [
    Step::light("format", "every Rust file is formatted", |workspace, _| cargo::format(workspace)),
    Step::light("structure", "sizes, templates, texts and security tables keep the rules", |workspace, _| {
        structure::check(workspace)
    }),
    Step {
        tools: &[DENY],
        ..Step::light("dependencies", "licences, sources and forbidden crates", |workspace, _| {
            cargo::dependencies(workspace)
        })
    },
    Step::light("lint", "clippy finds nothing", |workspace, _| cargo::lint(workspace)),
    Step::light("build", "everything compiles", |workspace, _| cargo::build(workspace)),
    Step {
        tools: &[NEXTEST, SEAWEEDFS, DUCKDB, OPENBAO],
        needs: &[Need::Postgres, Need::Node, Need::Pip, Need::Syslog, Need::Nginx, Need::Hsm],
        after_build: true,
        ..Step::light("tests", "unit, integration and compile-fail tests, on both databases", tests::run)
    },
    Step {
        after_build: true,
        ..Step::light("doctests", "the examples in the documentation", |workspace, _| {
            tests::documentation(workspace)
        })
    },
    Step {
        needs: &[Need::Browser],
        after_build: true,
        ..Step::light("browser", "pages in Chromium", |workspace, _| browser::run(workspace, None, None))
    },
];

impl Step {
    const fn light(
        name: &'static str,
        about: &'static str,
        run: fn(&Workspace, Durability) -> Result<Verdict>,
    ) -> Self {
        Self { name, about, tools: &[], needs: &[], after_build: false, run }
    }
}

/// Runs the chosen steps; true when all passed and at least one check ran.
pub(crate) fn test(args: &TestArgs) -> Result<bool> {
    if args.list {
        for step in &STEPS {
            println!("{:<13} {}", step.name, step.about);
        }
        return Ok(true);
    }
    let steps = choose(&args.only)?;
    let began = Instant::now();
    let tally = match run_all(&steps, args.durability) {
        Ok(tally) => tally,
        Err(Stop::Failed(message)) => {
            println!("{message}");
            Tally { passed: 0, failed: 1 }
        }
        Err(Stop::Interrupted) => return Err(Stop::Interrupted),
    };
    println!("       {:.0} s", began.elapsed().as_secs_f64());
    println!("{}", tally.line());
    Ok(tally.is_good())
}

/// Builds, and runs the browser tests alone.
pub(crate) fn e2e(args: &E2eArgs) -> Result<bool> {
    machine::ensure(&[Need::Browser])?;
    let workspace = Workspace::find()?;
    let build = cargo::build(&workspace)?;
    if build.tally.failed > 0 {
        return Err(Stop::failed(build.output));
    }
    let verdict = browser::run(&workspace, args.filter.as_deref(), args.shots.as_deref())?;
    println!("{}", verdict.output.trim_end());
    Ok(verdict.tally.is_good())
}

fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        return Err(Stop::failed(format!(
            "there is no step `{unknown}`; the steps are {}",
            names.join(", ")
        )));
    }
    Ok(STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)).collect())
}

fn run_all(steps: &[&Step], durability: Durability) -> Result<Tally> {
    let workspace = Workspace::find()?;
    prepare(&workspace, steps)?;
    let mut total = Tally::default();
    let mut built = true;
    for step in steps {
        interrupt::check()?;
        println!("run    {}", step.name);
        let began = Instant::now();
        let verdict = if step.after_build && !built {
            Verdict::not_run("not run: the build failed")
        } else {
            (step.run)(&workspace, durability).or_else(|stop| match stop {
                Stop::Failed(message) => Ok(Verdict::not_run(message)),
                Stop::Interrupted => Err(Stop::Interrupted),
            })?
        };
        built &= step.name != "build" || verdict.tally.failed == 0;
        verdict.print(step.name, began.elapsed());
        total = total.plus(verdict.tally);
    }
    Ok(total)
}

/// Everything that needs a network happens here, before the first check.
fn prepare(workspace: &Workspace, steps: &[&Step]) -> Result<()> {
    let began = Instant::now();
    println!("run    prepare");
    let needs: Vec<Need> = steps.iter().flat_map(|step| step.needs).copied().collect();
    machine::ensure(&needs)?;
    workspace.cargo(["fetch", "--locked"]).expect()?;
    for tool in steps.iter().flat_map(|step| step.tools) {
        tools::ensure(workspace, tool)?;
    }
    if needs.contains(&Need::Pip) {
        tools::ensure_packages(workspace)?;
    }
    if needs.contains(&Need::Browser) || needs.contains(&Need::Node) {
        browser::install_packages(workspace)?;
    }
    println!("ok     {:<13} {:>28} {:>8.1} s", "prepare", "", began.elapsed().as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod step_tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{STEPS, choose};

    #[test]
    fn developer_chooses_steps_by_name() {
        let chosen = choose(&["lint".to_owned(), "format".to_owned()]).unwrap();
        assert_eq!(chosen.iter().map(|step| step.name).collect::<Vec<_>>(), ["format", "lint"]);
        assert_eq!(choose(&[]).unwrap().len(), STEPS.len());
        assert!(choose(&["no-such-step".to_owned()]).is_err());
    }
}
