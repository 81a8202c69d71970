//! Where a process's log goes: nodeos writes to standard error unless its logging.json says
//! otherwise, and either may be redirected.

use std::fs;
use std::path::{Path, PathBuf};

/// Most processes and files that are looked at for the other end of a pipe.
const LINKS_MAX: usize = 200_000;
/// Most files of the program behind a pipe that are told.
const FILES_MAX: usize = 4;

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Into a file.
    File(PathBuf),
    /// Into a file that was removed or moved away over another.
    Deleted(PathBuf),
    /// Into a socket: systemd's journal, where the process is of a unit.
    Journal,
    /// To Docker.
    Docker,
    /// To a program, which may write files.
    Pipe {
        /// Its name, where it is seen.
        reader: Option<String>,
        /// The files it writes.
        files: Vec<PathBuf>,
    },
    /// To a terminal.
    Terminal(String),
    /// To nowhere: `/dev/null`.
    Nowhere,
    /// It is not known; why.
    Unknown(String),
}

/// Of a process: standard error, or standard output where the former leads nowhere.
pub(super) fn of(proc: &Path, pid: u32) -> Output {
    let (err, out) = (stream(proc, pid, 2), stream(proc, pid, 1));
    match (&err, &out) {
        (Output::File(errors), Output::File(lines)) if is_empty(errors) && !is_empty(lines) => out,
        (Output::File(_), _) => err,
        (Output::Nowhere | Output::Terminal(_) | Output::Unknown(_), other)
            if !matches!(other, Output::Nowhere | Output::Unknown(_)) =>
        {
            out
        }
        _ => err,
    }
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

fn stream(proc: &Path, pid: u32, number: u8) -> Output {
    let link = proc.join(pid.to_string()).join("fd").join(number.to_string());
    let target = match fs::read_link(&link) {
        Ok(target) => target,
        Err(error) => return Output::Unknown(format!("{}: {error}", link.display())),
    };
    let text = target.to_string_lossy().into_owned();
    if text.starts_with("socket:") {
        return Output::Journal;
    }
    if text.starts_with("pipe:") {
        return behind(proc, pid, &text);
    }
    if text == "/dev/null" {
        return Output::Nowhere;
    }
    if text.starts_with("/dev/pts/") || text.starts_with("/dev/tty") || text == "/dev/console" {
        return Output::Terminal(text);
    }
    if let Some(gone) = text.strip_suffix(" (deleted)") {
        return Output::Deleted(gone.into());
    }
    Output::File(target)
}

/// The program that reads the other end, and the files it writes.
fn behind(proc: &Path, own: u32, pipe: &str) -> Output {
    let mut looked = 0;
    let processes = fs::read_dir(proc).into_iter().flatten().flatten();
    for process in processes {
        let is_other = process.file_name().to_string_lossy().parse::<u32>().is_ok_and(|p| p != own);
        if !is_other {
            continue;
        }
        let links = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let files: Vec<PathBuf> = links.map(|link| link.path()).take(LINKS_MAX - looked).collect();
        looked += files.len();
        let reads = files.iter().any(|file| {
            fs::read_link(file).is_ok_and(|target| target.to_string_lossy() == pipe)
                && opened_for(&process.path(), file) == Some(0)
        });
        if reads {
            return Output::Pipe {
                reader: fs::read_to_string(process.path().join("comm"))
                    .ok()
                    .map(|name| name.trim().to_owned()),
                files: written(&process.path(), &files),
            };
        }
        if looked >= LINKS_MAX {
            break;
        }
    }
    Output::Pipe { reader: None, files: Vec::new() }
}

/// The regular files that are open for writing, but for its standard error.
fn written(process: &Path, links: &[PathBuf]) -> Vec<PathBuf> {
    // What it complains of goes elsewhere than what it is given.
    let open = links.iter().filter(|link| {
        !link.ends_with("2") && opened_for(process, link).is_some_and(|way| way != 0)
    });
    let files = open.filter_map(|link| fs::read_link(link).ok());
    files.filter(|file| file.is_absolute() && file.is_file()).take(FILES_MAX).collect()
}

/// The access mode of an open file: 0 reads, 1 writes, 2 both (`flags`, octal, of `fdinfo`).
fn opened_for(process: &Path, link: &Path) -> Option<u32> {
    let text = fs::read_to_string(process.join("fdinfo").join(link.file_name()?)).ok()?;
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
    u32::from_str_radix(flags.trim(), 8).ok().map(|flags| flags & 3)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn until_it_runs(child: &Child, name: &str) {
        for _ in 0..500 {
            let comm = fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap_or_default();
            if comm.trim() == name {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{name} does not run");
    }

    #[test]
    fn real_processes_show_where_their_output_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().canonicalize().unwrap().join(name);
        let file = |name: &str| File::create(path(name)).unwrap();
        let look = |out: Stdio, err: Stdio| {
            let mut child =
                Command::new("sleep").arg("60").stdout(out).stderr(err).spawn().unwrap();
            until_it_runs(&child, "sleep");
            let output = of(Path::new("/proc"), child.id());
            child.kill().unwrap();
            child.wait().unwrap();
            output
        };
        assert_eq!(look(Stdio::null(), file("e").into()), Output::File(path("e")));
        assert_eq!(look(file("o").into(), Stdio::null()), Output::File(path("o")));
        fs::write(path("full"), "a line\n").unwrap();
        let full = File::options().append(true).open(path("full")).unwrap();
        assert_eq!(look(full.into(), file("e").into()), Output::File(path("full")));
        assert_eq!(look(Stdio::null(), Stdio::null()), Output::Nowhere);
        let gone = file("gone");
        fs::remove_file(path("gone")).unwrap();
        assert_eq!(look(Stdio::null(), gone.into()), Output::Deleted(path("gone")));
        assert!(matches!(of(Path::new("/proc"), u32::MAX), Output::Unknown(_)));
    }

    #[test]
    fn a_pipe_leads_to_the_file_of_who_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().canonicalize().unwrap().join("nodeos.log");
        let mut tee = Command::new("tee")
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut writer = Command::new("sleep")
            .arg("60")
            .stdout(Stdio::null())
            .stderr(tee.stdin.take().unwrap())
            .spawn()
            .unwrap();
        until_it_runs(&writer, "sleep");
        until_it_runs(&tee, "tee");
        for _ in 0..500 {
            if log.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let found = of(Path::new("/proc"), writer.id());
        writer.kill().unwrap();
        writer.wait().unwrap();
        tee.wait().unwrap();
        assert_eq!(found, Output::Pipe { reader: Some("tee".to_owned()), files: vec![log] });
    }
}
