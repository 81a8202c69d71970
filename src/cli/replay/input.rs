//! The recorded log: several files one after another, plain or compressed, line by line.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use flate2::read::MultiGzDecoder;

use crate::sources::lines::LineAssembler;

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// The first bytes of a gzip file (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The parts of one log, in order.
#[derive(Debug)]
pub(super) struct Input {
    parts: Vec<PathBuf>,
    can_be_read_twice: bool,
    /// Bytes of all parts as they are on disk, where all are files.
    bytes: Option<u64>,
    has_progress: bool,
}

/// Whether the reader wants more lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Go on.
    Yes,
    /// It has seen enough.
    No,
}

impl Input {
    /// Looks at every part, so that a wrong name is known before anything is read.
    /// `has_progress`: whether a person may be told how far a pass is.
    pub(super) fn new(parts: Vec<PathBuf>, has_progress: bool) -> anyhow::Result<Self> {
        ensure!(!parts.is_empty(), "no log given; name its files, oldest first, or - for stdin");
        let stdin = parts.iter().filter(|part| is_stdin(part)).count();
        ensure!(stdin <= 1, "standard input (-) is named {stdin} times; it can be read once");
        let mut can_be_read_twice = stdin == 0;
        for part in parts.iter().filter(|part| !is_stdin(part)) {
            can_be_read_twice &= is_regular(part)?;
        }
        let sizes = parts.iter().map(|part| fs::metadata(part).ok().map(|found| found.len()));
        let bytes = if can_be_read_twice { sizes.sum() } else { None };
        Ok(Self { parts, can_be_read_twice, bytes, has_progress })
    }

    /// Bytes of all parts, compressed where they are, where that is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Whether a person may be told how far a pass is.
    pub(super) fn has_progress(&self) -> bool {
        self.has_progress
    }

    /// Whether a first pass over it is possible: no pipe and no standard input is among the parts.
    pub(super) fn can_be_read_twice(&self) -> bool {
        self.can_be_read_twice
    }

    /// The parts as one text.
    pub(super) fn name(&self) -> String {
        let name = |part: &PathBuf| {
            if is_stdin(part) { "standard input".to_owned() } else { part.display().to_string() }
        };
        self.parts.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Hands out each line, without its ending, and how many bytes of the parts were read for it. A
    /// part's last line needs no newline, and a line over 2 MiB is cut.
    pub(super) fn each_line(
        &self,
        mut take: impl FnMut(&[u8], u64) -> io::Result<More>,
    ) -> anyhow::Result<()> {
        let read = Cell::new(0);
        let mut take = |line: &[u8]| take(line, read.get());
        for part in &self.parts {
            let more = if is_stdin(part) {
                lines_of(Counted(io::stdin().lock(), &read), &mut take).context("standard input")?
            } else {
                let name = part.display();
                let file =
                    File::open(part).with_context(|| format!("cannot open the log {name}"))?;
                lines_of(Counted(file, &read), &mut take)
                    .with_context(|| format!("the log {name}"))?
            };
            if more == More::No {
                break;
            }
        }
        Ok(())
    }
}

/// A source that counts what is read of it.
struct Counted<'a, R>(R, &'a Cell<u64>);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.set(self.1.get() + count as u64);
        Ok(count)
    }
}

fn is_stdin(part: &Path) -> bool {
    part.as_os_str() == "-"
}

fn is_regular(part: &Path) -> anyhow::Result<bool> {
    let name = part.display();
    let metadata = fs::metadata(part).with_context(|| {
        format!("cannot read the log {name}; name its files, oldest first, or - for stdin")
    })?;
    if metadata.is_dir() {
        bail!("{name} is a directory; name the log files in it, oldest first");
    }
    Ok(metadata.is_file())
}

fn lines_of(
    mut source: impl Read,
    take: &mut impl FnMut(&[u8]) -> io::Result<More>,
) -> anyhow::Result<More> {
    let mut magic = Vec::new();
    source.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let is_gzip = magic == GZIP_MAGIC;
    let source = Cursor::new(magic).chain(source);
    if !is_gzip {
        return Ok(text_lines(source, take)?);
    }
    match text_lines(MultiGzDecoder::new(source), take) {
        Err(Stop::Read(error)) => Err(anyhow::Error::new(error)
            .context("its compressed text cannot be read to the end; is the file whole?")),
        ended => Ok(ended?),
    }
}

/// Why a text was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// Not the log's fault.
    #[error("what it led to cannot be written")]
    Taken(#[source] io::Error),
}

fn text_lines(
    mut text: impl Read,
    take: &mut impl FnMut(&[u8]) -> io::Result<More>,
) -> Result<More, Stop> {
    let mut lines = LineAssembler::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match text.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stop::Read(error)),
        };
        let mut outcome = Ok(More::Yes);
        lines.push(&chunk[..count], |line| {
            if matches!(outcome, Ok(More::Yes)) {
                outcome = take(&line.bytes);
            }
        });
        if outcome.map_err(Stop::Taken)? == More::No {
            return Ok(More::No);
        }
    }
    lines.flush().map_or(Ok(More::Yes), |line| take(&line.bytes)).map_err(Stop::Taken)
}
