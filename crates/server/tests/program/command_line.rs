//! The command line as people meet it.

use crate::support::Place;

#[test]
fn a_newcomer_finds_every_command_and_exit_code_in_the_help() {
    let place = Place::empty();
    let help = place.run(["--help"]);
    assert_eq!(help.code, 0);
    for word in [
        "demo",
        "serve",
        "init",
        "migrate",
        "check",
        "audit",
        "witness",
        "config",
        "completions",
        "man",
        "Exit codes:",
    ] {
        assert!(help.out.contains(word), "{word}");
    }
    assert_eq!(place.run(["sreve"]).code, 2);
    assert!(place.run(["sreve"]).err.contains("'serve'"));
}

#[test]
fn every_shell_gets_completions() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("bailiwick") && ran.out.contains("verify"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let place = Place::empty();
    let page = place.run(["man"]);
    assert!(
        page.code == 0 && page.out.contains(".TH bailiwick") && page.out.contains("Exit codes"),
        "{}",
        page.out
    );
    assert_eq!(place.run(["man", "--dir", "pages"]).code, 0);
    for name in ["bailiwick.1", "bailiwick-serve.1", "bailiwick-audit-verify.1", "bailiwick-config-show.1"] {
        assert!(place.read(&format!("pages/{name}")).contains(".TH"), "{name}");
    }
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    let place = Place::empty();
    let mut child = place.command(["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn operator_sees_what_is_in_force_and_where_it_came_from() {
    let mut place = Place::empty();
    place.write(
        "bailiwick.toml",
        "[database]\nurl = \"postgres://app:hunter2@db.example.com/b\"\n[log]\nlevel = \"warn\"\n",
    );
    place.set("BAILIWICK_LOG__FORMAT", "json");
    let shown = place.run(["config", "show", "--set", "server.max_concurrent=7"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let line = |start: &str| {
        shown
            .out
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start} in\n{}", shown.out))
    };
    assert!(
        line("url =").contains("postgres://app:***@db.example.com/b")
            && line("url =").ends_with("# bailiwick.toml:2")
    );
    assert!(line("level =").ends_with("# bailiwick.toml:4"));
    assert!(line("format =").ends_with("# env BAILIWICK_LOG__FORMAT"));
    assert!(line("max_concurrent = 7").ends_with("# flag --set server.max_concurrent"));
    assert!(!shown.out.contains("hunter2"));
}
