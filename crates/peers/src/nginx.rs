//! nginx, as a reverse proxy and as a server of files.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::running::{Running, find, free_ports};

/// How often other ports are tried, where somebody was quicker.
const TRIES: usize = 5;

/// A running server; it ends with this value.
pub struct Nginx {
    ports: [u16; 2],
    _running: Running,
    // Last: the files go after whatever has them open.
    _folder: TempDir,
}

impl Nginx {
    /// Starts one with the `http` block that `http` writes, given two free ports and the folder with these files.
    ///
    /// # Panics
    /// Where nginx is not installed or does not start.
    #[must_use]
    pub fn start(files: &[(&str, &str)], http: impl Fn([u16; 2], &Path) -> String) -> Self {
        let mut said = String::new();
        for _ in 0..TRIES {
            match Self::try_start(files, &http) {
                Ok(nginx) => return nginx,
                Err(why) => said = why,
            }
        }
        panic!("nginx does not start:\n{said}")
    }

    fn try_start(files: &[(&str, &str)], http: &impl Fn([u16; 2], &Path) -> String) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("bailiwick-nginx-").tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join("files").join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let ports = free_ports::<2>();
        let settings = folder.path().join("nginx.conf");
        let text = settings_of(folder.path(), &http(ports, &folder.path().join("files")));
        fs::write(&settings, text).expect("a file");
        let mut command = Command::new(find("nginx"));
        command.arg("-p").arg(folder.path()).arg("-c").arg(&settings);
        let mut running = Running::start(&mut command, &folder.path().join("log"));
        let up = running.wait(|| std::net::TcpStream::connect(("127.0.0.1", ports[0])).ok());
        match up {
            Some(_) => Ok(Self { ports, _running: running, _folder: folder }),
            None => Err(running.said()),
        }
    }

    /// The two ports, on `127.0.0.1`.
    #[must_use]
    pub const fn ports(&self) -> [u16; 2] {
        self.ports
    }
}

/// One process that stays in front: ended, it leaves no other behind. All that it writes lies in the folder.
fn settings_of(folder: &Path, http: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\n\
         access_log off;\nclient_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi;\nuwsgi_temp_path {folder}/uwsgi;\nscgi_temp_path {folder}/scgi;\n{http}\n}}\n"
    )
}
