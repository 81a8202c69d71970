//! Which file is read, and files that cannot be.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use eoskeeper::config::lookup::{FILE_BYTES_MAX, PLACES, find, find_among};
use eoskeeper::config::{ConfigError, load, load_file};
use eoskeeper::core::settings::Role;

use super::LEAST;

#[test]
fn the_named_file_wins_then_the_first_place_that_exists() {
    let dir = tempfile::tempdir().unwrap();
    let [here, etc] = ["here.ini", "etc.ini"].map(|name| dir.path().join(name));
    let places = [here.clone(), etc.clone()];
    let named = PathBuf::from("named.ini");
    assert_eq!(find(Some(&named)).unwrap(), named);

    let missing = find_among(None, &places).unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!(
            "no configuration found; looked for {}, {}; `eoskeeper init` finds nodeos and \
             writes one, or name a file with -c FILE",
            here.display(),
            etc.display()
        )
    );
    fs::write(&etc, LEAST).unwrap();
    assert_eq!(find_among(None, &places).unwrap(), etc);
    fs::write(&here, LEAST).unwrap();
    assert_eq!(find_among(None, &places).unwrap(), here);
    assert_eq!(PLACES, ["./config.ini", "/etc/eoskeeper/config.ini"]);
}

#[test]
fn a_place_that_cannot_be_read_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let dangling = dir.path().join("config.ini");
    symlink(dir.path().join("nowhere"), &dangling).unwrap();
    let other = dir.path().join("other.ini");
    fs::write(&other, LEAST).unwrap();
    let found = find_among(None, &[dangling.clone(), other]).unwrap();
    assert_eq!(found, dangling);
    assert!(matches!(load_file(&found), Err(ConfigError::Missing { .. })));
}

#[test]
fn a_file_loads_with_mark_and_windows_line_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.ini");
    fs::write(&path, format!("\u{feff}{}", LEAST.replace('\n', "\r\n"))).unwrap();
    let config = load(Some(&path)).unwrap();
    assert_eq!(config.settings.role, Role::FirstStandby);
    assert_eq!(config.source, path);
}

#[test]
fn relative_paths_start_at_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.ini");
    fs::write(&path, format!("{LEAST}[state]\ndir = state\n")).unwrap();
    assert_eq!(load_file(&path).unwrap().state_dir, dir.path().join("state"));
}

#[test]
fn what_cannot_be_read_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("latin1.ini"), b"[global]\n# caf\xe9\n").unwrap();
    fs::write(at("utf16.ini"), b"\xff\xfe[\0g\0").unwrap();
    fs::write(at("large.ini"), vec![b'#'; 1 + FILE_BYTES_MAX as usize]).unwrap();
    symlink(at("loop.ini"), at("loop.ini")).unwrap();
    for (path, message) in [
        (at("none.ini"), "there is no such file; `eoskeeper init` finds nodeos and writes one"),
        (at("latin1.ini/x"), "there is no such file; `eoskeeper init` finds nodeos and writes one"),
        (dir.path().into(), "is a directory, not a file; name the configuration file itself"),
        (
            Path::new("/dev/null").into(),
            "is a device, a pipe or a socket, not a file; name the configuration file itself",
        ),
        (
            at("large.ini"),
            "is larger than 1048576 bytes, which no configuration is; name the right file",
        ),
        (
            at("loop.ini"),
            "cannot be read: Too many levels of symbolic links (os error 40); see that the user \
             eoskeeper runs as may read it",
        ),
    ] {
        let error = load_file(&path).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {message}", path.display()));
    }
    for (name, line, byte, value) in [("latin1.ini", 2, 14, "0xe9"), ("utf16.ini", 1, 0, "0xff")] {
        let error = load_file(&at(name)).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{}:{line}: is not UTF-8: byte {byte} of the file, counted from 0, is {value}; \
                 save the file as UTF-8",
                at(name).display()
            )
        );
    }
}

#[test]
fn the_largest_file_that_is_read_loads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.ini");
    let padding = "#".repeat(FILE_BYTES_MAX as usize - LEAST.len());
    fs::write(&path, format!("{LEAST}{padding}")).unwrap();
    assert!(load_file(&path).is_ok());
}
