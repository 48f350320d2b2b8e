//! What the machine must have beyond Rust: found, or installed through apt, or named exactly.

use std::path::{Path, PathBuf};

use crate::command::Program;
use crate::stop::{Result, Stop};
use crate::workspace::find_program;

/// Oldest PostgreSQL that is supported.
const POSTGRES_MIN: u32 = 15;
/// Oldest Node.js that runs the browser tests and the servers of other makers.
const NODE_MIN: u32 = 18;

/// Something a check needs from the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The server programs of PostgreSQL, 15 or later.
    Postgres,
    /// Chromium, Node.js 18 or later, and npm.
    Browser,
    /// Node.js 18 or later, and npm: for servers of other makers that tests talk to.
    Node,
    /// Python's pip, which fetches programs of other makers.
    Pip,
    /// rsyslog with TLS.
    Syslog,
    /// nginx.
    Nginx,
    /// SoftHSM, and OpenSC, which makes keys in it.
    Hsm,
}

/// Makes sure that everything needed is there.
///
/// # Errors
///
/// Names the missing packages and the command that installs them when this process may not do it.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing = missing_packages(needs);
    if missing.is_empty() {
        return Ok(());
    }
    println!("       installing {}", missing.join(" "));
    install(&missing)?;
    let still = missing_packages(needs);
    if still.is_empty() {
        Ok(())
    } else {
        Err(Stop::failed(format!(
            "installed {}, but no usable version was found of: {}\n\
             needed: PostgreSQL {POSTGRES_MIN} or later, Node.js {NODE_MIN} or later, Chromium, pip of Python 3, rsyslog with GnuTLS, nginx, SoftHSM 2, OpenSC",
            missing.join(" "),
            still.join(" ")
        )))
    }
}

/// The folder with the newest supported `initdb`, `postgres` and `psql`.
pub(crate) fn find_postgres() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.extend(find_program("postgres").and_then(|file| file.parent().map(Path::to_path_buf)));
    folders
        .into_iter()
        .filter(|dir| ["initdb", "postgres", "psql"].iter().all(|name| dir.join(name).is_file()))
        .filter_map(|dir| Some((major_version(&dir.join("postgres"))?, dir)))
        .filter(|(version, _)| *version >= POSTGRES_MIN)
        .max()
        .map(|(_, dir)| dir)
}

/// The browser the tests drive.
pub(crate) fn find_chromium() -> Option<PathBuf> {
    std::env::var_os("BAILIWICK_CHROMIUM").map(PathBuf::from).filter(|file| file.is_file()).or_else(|| {
        ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
            .into_iter()
            .find_map(find_program)
    })
}

fn missing_packages(needs: &[Need]) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if needs.contains(&Need::Postgres) && find_postgres().is_none() {
        missing.push("postgresql");
    }
    if needs.contains(&Need::Browser) && find_chromium().is_none() {
        // Without a font, Chromium draws no text.
        missing.extend(["chromium", "fonts-dejavu-core"]);
    }
    if needs.contains(&Need::Browser) || needs.contains(&Need::Node) {
        if find_program("node").and_then(|node| major_version(&node)).is_none_or(|version| version < NODE_MIN)
        {
            missing.push("nodejs");
        }
        if find_program("npm").is_none() {
            missing.push("npm");
        }
    }
    if needs.contains(&Need::Pip) && !has_pip() {
        missing.extend(["python3", "python3-pip"]);
    }
    if needs.contains(&Need::Syslog) && !has_syslog() {
        missing.extend(["rsyslog", "rsyslog-gnutls"]);
    }
    if needs.contains(&Need::Nginx) && !has_nginx() {
        missing.push("nginx-light");
    }
    if needs.contains(&Need::Hsm) && !has_hsm() {
        missing.extend(["softhsm2", "opensc"]);
    }
    missing
}

fn has_pip() -> bool {
    let asked =
        find_program("python3").map(|python| Program::new(python).args(["-m", "pip", "--version"]).run());
    matches!(asked, Some(Ok(answer)) if answer.success)
}

/// Whether rsyslog is there, with what makes it speak TLS. It lies among its modules, in a folder that is named after the machine.
fn has_syslog() -> bool {
    let program = find_program("rsyslogd").is_some() || Path::new("/usr/sbin/rsyslogd").is_file();
    let folders =
        std::fs::read_dir("/usr/lib").map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut folders: Vec<PathBuf> = folders.unwrap_or_default();
    folders.extend(["/usr/lib", "/usr/lib64"].map(PathBuf::from));
    program && folders.iter().any(|folder| folder.join("rsyslog/lmnsd_gtls.so").is_file())
}

/// Whether nginx is there. Debian keeps servers where the search path of people does not look.
fn has_nginx() -> bool {
    find_program("nginx").is_some() || Path::new("/usr/sbin/nginx").is_file()
}

/// Whether a token of SoftHSM can be made, and a key in it. Its library lies where `crates/peers` looks for it.
fn has_hsm() -> bool {
    let libraries = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib/pkcs11/libsofthsm2.so",
    ];
    let programs = ["softhsm2-util", "pkcs11-tool"].iter().all(|name| find_program(name).is_some());
    programs && libraries.iter().any(|file| Path::new(file).is_file())
}

fn install(packages: &[&str]) -> Result<()> {
    // Debian starts a cluster of its own as soon as PostgreSQL is installed, and rsyslog and nginx as the machine's own; the tests only
    // want the programs. A service that is masked before its package comes is neither started nor enabled.
    const SCRIPT: &str = r#"
        set -e
        export DEBIAN_FRONTEND=noninteractive
        conf=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
        trap 'rm -f "$conf"' EXIT
        mkdir -p "${conf%/*}"
        echo 'create_main_cluster = false' > "$conf"
        case " $* " in *" rsyslog "*)
            mkdir -p /etc/systemd/system
            [ -e /usr/sbin/rsyslogd ] || [ -e /etc/systemd/system/rsyslog.service ] ||
                ln -s /dev/null /etc/systemd/system/rsyslog.service
        ;; esac
        case " $* " in *" nginx-light "*)
            mkdir -p /etc/systemd/system
            [ -e /usr/sbin/nginx ] || [ -e /etc/systemd/system/nginx.service ] ||
                ln -s /dev/null /etc/systemd/system/nginx.service
        ;; esac
        apt-get update -q
        apt-get install -y -q --no-install-recommends "$@"
    "#;
    let by_hand = || {
        Stop::failed(format!(
            "missing on this machine: {0}\ninstall it, for example on Debian:\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends {0}",
            packages.join(" ")
        ))
    };
    if find_program("apt-get").is_none() {
        return Err(by_hand());
    }
    let program = if rustix::process::geteuid().is_root() {
        Program::new("sh")
    } else {
        let may = Program::new("sudo").args(["-n", "true"]).run().is_ok_and(|finished| finished.success);
        if !may {
            return Err(by_hand());
        }
        Program::new("sudo").args(["-n", "sh"])
    };
    program.args(["-c", SCRIPT, "sh"]).args(packages).expect().map(drop)
}

fn major_version(program: &Path) -> Option<u32> {
    let finished = Program::new(program).args(["--version"]).run().ok()?;
    parse_major(&finished.output)
}

fn parse_major(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("v20.20.2\n"), Some(20));
        assert_eq!(parse_major("no digits"), None);
    }
}
