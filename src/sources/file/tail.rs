//! One open log file, read forward.
//!
//! Each read begins a little before the place reached and compares what is there with what was
//! read before. One call so answers three questions: is there something new; is the file shorter
//! than the place reached (cut in place); has it been cut and has it grown past the place again.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use rustix::fs::SeekFrom;

use crate::sources::file::place::FileId;
use crate::sources::lines::{Batch, LINE_BYTES_MAX, LineAssembler};

/// How many bytes before the place reached are compared at each read. A nodeos line carries its
/// time to the millisecond and is shorter than this, so two different lines differ within it.
pub(super) const MEMORY_BYTES: usize = 256;

/// How many bytes one read takes at most: the bound of a batch.
pub(super) const READ_BYTES: usize = 256 * 1024;

/// Two files with the same bytes at the same place are a file and its copy, from this many bytes
/// on: fewer hold no time of day, and may well be the same in two files.
const COPY_BYTES_MIN: usize = 16;

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Bytes, and perhaps more behind them.
    Bytes,
    /// Nothing new.
    End,
    /// The file was cut: [`Tail::begin_again`] is due.
    Cut,
}

/// One open file and how far it was read.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    id: FileId,
    offset: u64,
    /// The bytes right before `offset`, at most [`MEMORY_BYTES`].
    memory: Vec<u8>,
    assembler: LineAssembler,
    /// After a cut: a writer that does not append goes on at its old place and leaves a hole of
    /// NULs before it, which is no text.
    in_hole: bool,
    /// After a cut: the copy the rotator made before it, and how far it was read. It alone holds
    /// what was written since our last read.
    copy: Option<(File, u64)>,
    quiet_since: Instant,
}

/// Where a closed file was left, to go on there if its name comes back.
#[derive(Debug)]
pub(super) struct Bookmark {
    id: FileId,
    offset: u64,
    memory: Vec<u8>,
}

impl Tail {
    /// A file of which every line is wanted.
    pub(super) fn from_start(file: File, metadata: &Metadata, now: Instant) -> Self {
        Self {
            file,
            id: FileId::of(metadata),
            offset: 0,
            memory: Vec::new(),
            assembler: LineAssembler::new(),
            in_hole: false,
            copy: None,
            quiet_since: now,
        }
    }

    /// A file of which only what comes after its first `size` bytes is wanted. A line that had
    /// begun and not ended by then is given whole when its end comes.
    pub(super) fn from_end(
        file: File,
        metadata: &Metadata,
        size: u64,
        now: Instant,
    ) -> io::Result<Self> {
        let mut tail = Self::from_start(file, metadata, now);
        tail.go_to(line_start(&tail.file, size)?)?;
        Ok(tail)
    }

    /// The file where it was left, if it is still the same bytes up to there.
    pub(super) fn resume(mut self, bookmark: &Bookmark) -> Self {
        if bookmark.id == self.id {
            let mut there = vec![0; bookmark.memory.len()];
            let from = bookmark.offset - bookmark.memory.len() as u64;
            if self.file.read_exact_at(&mut there, from).is_ok() && there == bookmark.memory {
                self.offset = bookmark.offset;
                self.memory.clone_from(&bookmark.memory);
            }
        }
        self
    }

    /// Where this file is left.
    pub(super) fn bookmark(&self) -> Bookmark {
        Bookmark { id: self.id, offset: self.offset, memory: self.memory.clone() }
    }

    /// Which file this is.
    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Since when nothing new was found.
    pub(super) fn quiet_since(&self) -> Instant {
        self.quiet_since
    }

    /// Whether anything of the file was read.
    pub(super) fn has_text(&self) -> bool {
        self.offset > 0
    }

    /// Whether no directory names the file any more.
    pub(super) fn is_unlinked(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Whether the other file is a copy of this one: as it is now, or as it was when it was read
    /// last, should it have been cut since.
    pub(super) fn is_copied_in(&self, other: &File) -> bool {
        holds(other, &head(&self.file), 0) || self.was_copied_to(other)
    }

    /// Whether the other file is a copy of this one as it was when it was read last.
    pub(super) fn was_copied_to(&self, other: &File) -> bool {
        holds(other, &self.memory, self.offset - self.memory.len() as u64)
    }

    /// Goes back to the start of a file that was cut, after what `copy` holds of it and was not
    /// read. The torn part of a line stays: an appending writer ends it in the cut file.
    pub(super) fn begin_again(&mut self, copy: Option<File>, now: Instant) {
        self.copy = copy.map(|copy| (copy, self.offset));
        self.offset = 0;
        self.memory.clear();
        self.in_hole = true;
        self.quiet_since = now;
    }

    /// Reads up to [`READ_BYTES`] new bytes with the help of `buffer`; the lines go to `batch`.
    pub(super) fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        batch: &mut Batch,
        now: Instant,
    ) -> io::Result<Found> {
        if self.read_copy(buffer, batch)? {
            self.quiet_since = now;
            return Ok(Found::Bytes);
        }
        if self.in_hole {
            self.skip_hole();
        }
        let known = self.memory.len();
        buffer.resize(known + READ_BYTES, 0);
        let length = read_at(&self.file, buffer, self.offset - known as u64)?;
        if length < known || buffer[..known] != self.memory {
            if length >= known && buffer[..known].iter().all(|byte| *byte == 0) {
                // Cut, but its writer does not append: it went on right here, behind a hole.
                self.memory.fill(0);
            } else {
                return Ok(Found::Cut);
            }
        }
        if length == known {
            return Ok(Found::End);
        }
        self.take(&buffer[known..length], batch);
        self.quiet_since = now;
        Ok(Found::Bytes)
    }

    /// Gives the unterminated last line: nothing more is expected.
    pub(super) fn flush(&mut self, batch: &mut Batch) {
        if let Some(line) = self.assembler.flush() {
            batch.line(line);
        }
    }

    fn take(&mut self, new: &[u8], batch: &mut Batch) {
        self.offset += new.len() as u64;
        let kept = MEMORY_BYTES.saturating_sub(new.len()).min(self.memory.len());
        self.memory.drain(..self.memory.len() - kept);
        self.memory.extend_from_slice(&new[new.len().saturating_sub(MEMORY_BYTES)..]);

        let mut text = new;
        if self.in_hole {
            let hole = new.iter().take_while(|byte| **byte == 0).count();
            text = &new[hole..];
            self.in_hole = text.is_empty();
        }
        self.assembler.push(text, |line| batch.line(line));
    }

    /// Reads the rest of the copy; false when it has no more.
    fn read_copy(&mut self, buffer: &mut Vec<u8>, batch: &mut Batch) -> io::Result<bool> {
        let Some((copy, offset)) = &mut self.copy else { return Ok(false) };
        buffer.resize(READ_BYTES, 0);
        let length = read_at(copy, buffer, *offset)?;
        *offset += length as u64;
        self.assembler.push(&buffer[..length], |line| batch.line(line));
        if length == 0 {
            self.copy = None;
        }
        Ok(length > 0)
    }

    /// Jumps over blocks that were never written, so that a hole of gigabytes costs nothing.
    fn skip_hole(&mut self) {
        if let Ok(data) = rustix::fs::seek(&self.file, SeekFrom::Data(self.offset))
            && data > self.offset
            // A file system that cannot do this only makes the hole slower to read.
            && let Err(error) = self.go_to(data)
        {
            tracing::debug!(%error, "The hole in the log file is read instead of skipped.");
        }
    }

    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        let known = offset.min(MEMORY_BYTES as u64);
        let mut memory = vec![0; known as usize];
        self.file.read_exact_at(&mut memory, offset - known)?;
        self.offset = offset;
        self.memory = memory;
        Ok(())
    }
}

/// Whether a file has these bytes at this place, and they are enough to tell.
fn holds(file: &File, bytes: &[u8], from: u64) -> bool {
    let mut there = vec![0; bytes.len()];
    bytes.len() >= COPY_BYTES_MIN && file.read_exact_at(&mut there, from).is_ok() && there == bytes
}

/// The first bytes of a file, at most [`MEMORY_BYTES`]; none where it cannot be read.
fn head(file: &File) -> Vec<u8> {
    let mut head = vec![0; MEMORY_BYTES];
    let length = read_at(file, &mut head, 0).unwrap_or(0);
    head.truncate(length);
    head
}

/// Where the line begins that holds or follows byte `end`; `end` itself where no line begins
/// within the longest line before it.
fn line_start(file: &File, end: u64) -> io::Result<u64> {
    let mut at = end;
    let mut block = vec![0; 64 * 1024];
    while at > 0 && end - at < LINE_BYTES_MAX as u64 {
        let from = at.saturating_sub(block.len() as u64);
        let length = (at - from) as usize;
        match file.read_exact_at(&mut block[..length], from) {
            // Cut while we look: the first read will see it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            other => other?,
        }
        if let Some(newline) = block[..length].iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + newline as u64 + 1);
        }
        at = from;
    }
    Ok(if at == 0 { 0 } else { end })
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
