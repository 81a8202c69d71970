//! The nodeos processes of this host, and what each says of itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use procfs_core::FromRead;
use procfs_core::process::Stat;

use super::cgroup;
use super::output::{self, Output};
use super::{NODES_MAX, Node, Place, base};
use crate::nodeos::options::Options;
use crate::nodeos::startup::Startup;
use crate::sources::process::name::{arguments, is_nodeos, short};

/// Bound on what is read of a config.ini: one as nodeos writes it has some 30 KiB.
const CONFIG_BYTES: u64 = 1024 * 1024;
/// Most open files that are looked at for the blocks.
const LINKS_MAX: usize = 100_000;
/// Where nodeos keeps its data without `--data-dir`, below the home directory.
const DATA_DEFAULT: &str = ".local/share/eosio/nodeos/data";

/// Every nodeos, and how many processes there are.
pub(super) fn search(proc: &Path) -> (Vec<Node>, usize) {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let pids: Vec<i32> = pids.collect();
    let is_one = |pid: &i32| is_nodeos(&arguments(proc, *pid));
    let found: BTreeSet<i32> = pids.iter().copied().filter(is_one).collect();
    let nodes = found.iter().filter(|pid| {
        // It forks helpers of its own (oc-monitor), which have its arguments.
        let stat = stat(proc, pid.unsigned_abs());
        stat.is_some_and(|stat| stat.state != 'Z' && !found.contains(&stat.ppid))
    });
    let nodes = nodes.take(NODES_MAX).map(|pid| look(proc, pid.unsigned_abs())).collect();
    (nodes, pids.len())
}

/// Number of the process's parent.
pub(super) fn parent(proc: &Path, pid: u32) -> Option<u32> {
    stat(proc, pid).and_then(|stat| u32::try_from(stat.ppid).ok())
}

/// The id of the container the process is in.
pub(super) fn container(proc: &Path, pid: u32) -> Option<String> {
    cgroup::container(&fs::read_to_string(directory(proc, pid).join("cgroup")).ok()?)
}

fn stat(proc: &Path, pid: u32) -> Option<Stat> {
    Stat::from_file(directory(proc, pid).join("stat")).ok()
}

fn directory(proc: &Path, pid: u32) -> PathBuf {
    proc.join(pid.to_string())
}

/// Whether a process has a chain's blocks open, which no proxy has.
pub(super) fn has_blocks(proc: &Path, pid: u32) -> bool {
    blocks(&directory(proc, pid)).is_some()
}

/// The directory of `blocks.log`, as the process names it.
fn blocks(process: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(process.join("fd")).ok()?;
    let mut links = files.take(LINKS_MAX).filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.find(|link| link.is_absolute() && link.ends_with("blocks.log"))?.parent().map(Into::into)
}

/// What a process says of itself.
pub(super) fn look(proc: &Path, pid: u32) -> Node {
    let process = directory(proc, pid);
    let arguments = arguments(proc, pid.cast_signed());
    let groups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
    let mut unread = Vec::new();
    let home = variable(&process, "HOME");
    let config = Startup::of(&arguments).config_file(home.as_deref());
    let config = config.map(|file| absolute(&process, &file));
    let reach = Reach::of(&process);
    let config_here = config.as_ref().map(|file| reach.here(file));
    let text = match &config_here {
        None => {
            unread.push(format!("where process {pid} has its config.ini: its home is not seen"));
            String::new()
        }
        Some(file) => read(file).unwrap_or_else(|why| {
            unread.push(why);
            String::new()
        }),
    };
    let options = Options::of(&arguments, &text);
    let given = options.data_dir.clone().map(|dir| absolute(&process, &dir));
    let above = |blocks: PathBuf| blocks.parent().map(Path::to_owned);
    let default = || home.as_ref().map(|home| home.join(DATA_DEFAULT));
    let data = given.or_else(|| blocks(&process).and_then(above)).or_else(default);
    let output = output::of(proc, pid);
    if let Output::Unknown(why) = &output {
        unread.push(format!("where its log goes: {why}"));
    }
    Node {
        place: Place::Process { pid },
        program: short(&arguments).to_owned(),
        uid: fs::metadata(&process).ok().map(|metadata| metadata.uid()),
        unit: cgroup::unit(&groups),
        data: data.map(|dir| reach.here(&dir)),
        rpc: options.rpc().into_iter().filter_map(base).collect(),
        config,
        config_here,
        options,
        output,
        unread,
    }
}

/// How the files of a process are reached from here.
struct Reach(Option<PathBuf>);

impl Reach {
    /// A process with another root has its own file systems.
    fn of(process: &Path) -> Self {
        let same = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
        let root = process.join("root");
        let is_own =
            same(&root.join(".")).is_none_or(|theirs| Some(theirs) == same(Path::new("/")));
        Self((!is_own).then_some(root))
    }

    fn here(&self, path: &Path) -> PathBuf {
        match &self.0 {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }
}

/// What is relative is so to where nodeos was started.
fn absolute(process: &Path, path: &Path) -> PathBuf {
    match fs::read_link(process.join("cwd")) {
        Ok(directory) => directory.join(path),
        Err(_) => path.to_owned(),
    }
}

/// One variable of its environment; the others are passed over, they may be secrets.
fn variable(process: &Path, name: &str) -> Option<PathBuf> {
    let bytes = fs::read(process.join("environ")).ok()?;
    bytes.split(|byte| *byte == 0).find_map(|pair| {
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok().map(PathBuf::from)
    })
}

fn read(file: &Path) -> Result<String, String> {
    let name = file.display();
    // Opening a pipe that nobody writes to would wait for ever.
    let kind = fs::metadata(file).map(|metadata| metadata.is_file());
    let opened = kind.and_then(|is_file| {
        if is_file {
            return File::open(file);
        }
        Err(std::io::Error::new(ErrorKind::InvalidInput, "it is not a file"))
    });
    let mut bytes = Vec::new();
    match opened.and_then(|file| file.take(CONFIG_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!("{name} is not there")),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(format!("{name} may not be read by this user"))
        }
        Err(error) => Err(format!("{name}: {error}")),
    }
}
