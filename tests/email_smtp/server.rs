//! `scripts/smtp-server`, and certificates made for it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

/// Who may send mail.
pub(crate) const USER: &str = "eoskeeper";
pub(crate) const PASSWORD: &str = "pass word: with = and ü";

/// A server, its mails and its authority's certificate; it ends with this.
pub(crate) struct Server {
    process: Child,
    dir: TempDir,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one: `tls`, `starttls` or `none`, with a certificate for `name`.
    pub(crate) fn start(security: &str, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        certificates(dir.path(), name);
        let mut command = Command::new("scripts/smtp-server");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("run").arg("--dir").arg(dir.path());
        command.args(["--security", security]);
        if security != "none" {
            command.arg("--cert").arg(dir.path().join("cert.pem"));
            command.arg("--key").arg(dir.path().join("key.pem"));
            command.args(["--user", USER, "--password", PASSWORD]);
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on ").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("{line:?}: scripts/smtp-server install?"));
        Self { process, dir, port }
    }

    /// The certificate of the authority.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// The mail of a number, from 1, as Python reads it.
    #[track_caller]
    pub(crate) fn mail(&self, number: usize) -> Value {
        let text = fs::read_to_string(self.dir.path().join(format!("{number}.json")));
        serde_json::from_str(&text.unwrap_or_else(|error| panic!("mail {number}: {error}")))
            .unwrap()
    }

    /// How many mails came.
    pub(crate) fn count(&self) -> usize {
        (1..).take_while(|number| self.dir.path().join(format!("{number}.json")).exists()).count()
    }

    /// Where its files are.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn certificates(dir: &Path, name: &str) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    for (file, text) in [
        ("ca.pem", authority.pem()),
        ("cert.pem", certificate.pem()),
        ("key.pem", key.serialize_pem()),
    ] {
        fs::write(dir.join(file), text).unwrap();
    }
}
