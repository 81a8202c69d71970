//! `eoskeeper replay` on the recorded logs of a 21-producer network, and on broken ones.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use eoskeeper::cli::replay::{Options, replay};
use eoskeeper::core::settings::Role;
use serde_json::Value;
use tempfile::TempDir;

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded").join(name)
}

fn plain(name: &str) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(File::open(recorded(name)).unwrap())
        .read_to_end(&mut text)
        .unwrap();
    text
}

/// A directory with the configuration of a role.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new(role: &str, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "[global]\nrole = {role}\nproducer_name = eosstorebest\nhttp_port = 8888\n\
             log_file = nodeos.log\n{more}"
        );
        fs::write(dir.path().join("config.ini"), text).unwrap();
        Self { dir }
    }

    fn options(&self, logs: Vec<PathBuf>) -> Options {
        let config = Some(self.dir.path().join("config.ini"));
        Options { config, logs, json: true, ..Options::default() }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

const STANDBY: &str = "[promotion]\npromote = api\ndemote = api\n";

fn text(options: Options) -> String {
    let mut output = Vec::new();
    replay(Options { json: false, ..options }, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn explore() {
    for (role, log, more) in [("B", "b.log.gz", STANDBY), ("C", "f.log.gz", STANDBY), ("F", "f.log.gz", ""), ("A", "a.log.gz", "")] {
        let desk = Desk::new(role, more);
        println!("{}", text(desk.options(vec![recorded(log)])));
    }
}
