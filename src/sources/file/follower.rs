//! Which files are the log, in which order, and what to read next.
//!
//! A [`Follower`] holds the files that are the log, oldest first: the last one is what the path
//! names, the ones before it were renamed or removed and may still be written to (nodeos keeps
//! writing into the renamed file until it is restarted). A look reads each to its end before the
//! next, so a file's lines come in order, and a new file's first line comes after all that the old
//! one held when the change was seen. Later writes to the old file still come, as they are written.
//!
//! It waits for nothing and starts nothing: the caller says when to look, and what time it is.
//!
//! ## Caveat
//! Of a file that is cut in place, what was written between our last read and the cut is read from
//! the copy, if one stands beside it; what was written after the copy only the writer knew. A file
//! removed, not renamed, before it was opened is lost too.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::core::event::{LogSourceEvent, Replacement};
use crate::sources::file::place::{self, FileId, Obstacle};
use crate::sources::file::siblings::{self, Siblings};
use crate::sources::file::tail::{Bookmark, Found, Tail};
use crate::sources::lines::{Batch, LogItem};

/// How long a file that lost its name must be silent before it is closed: longer than the 10 s
/// logrotate and supervisors commonly give a process to reopen its log.
pub const LATE_WRITES_GRACE: Duration = Duration::from_secs(60);

/// How long the path may name nothing before that is told: between the rename and the new file a
/// rotation leaves it empty for a moment.
pub const ABSENT_GRACE: Duration = Duration::from_secs(1);

/// How many files are read at once; beyond it the oldest is closed.
pub const TAILS_MAX: usize = 64;

/// How many closed files are remembered, in case their name comes back.
const BOOKMARKS_MAX: usize = 16;

/// What one look gave.
#[derive(Debug)]
pub struct Look {
    /// Lines and events, in order; at most 256 KiB of new bytes and one torn line.
    pub items: Vec<LogItem>,
    /// Whether there is more to read right now.
    pub more: bool,
}

/// Follows one path over all the files it comes to name.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// Oldest first. The last is what the path names, or named last.
    tails: Vec<Tail>,
    bookmarks: VecDeque<Bookmark>,
    siblings: Siblings,
    /// Set by the first look. A file that was there then, and could not be opened, is read from
    /// the size it had.
    first: Option<Option<(FileId, u64)>>,
    obstacle: Option<(Instant, String)>,
    /// Whether a file that is open could not be read at the last look.
    is_unreadable: bool,
    told: Option<Told>,
    batch: Batch,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Following,
    Unavailable(String),
}

impl Follower {
    /// A follower of the file at `path`, which need not exist. What the file holds at the first
    /// look is not read; a file that appears later is read from its beginning.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            tails: Vec::new(),
            bookmarks: VecDeque::new(),
            siblings: Siblings::default(),
            first: None,
            obstacle: None,
            is_unreadable: false,
            told: None,
            batch: Batch::new(),
            buffer: Vec::new(),
        }
    }

    /// Looks at the path and reads what is new. `now` must not go backwards.
    pub fn look(&mut self, now: Instant) -> Look {
        let seen = place::look_at(&self.path);
        if self.first.is_none() {
            self.siblings.note_all(&self.path);
            self.first = Some(seen.as_ref().ok().map(|found| (FileId::of(found), found.len())));
        }
        let named = match seen {
            Ok(metadata) => self.turn_to(FileId::of(&metadata), now),
            Err(obstacle) => Err(obstacle),
        };
        match named {
            Ok(()) => self.tell_following(),
            Err(obstacle) => self.tell_obstacle(&obstacle, now),
        }
        let more = self.read(now);
        if !more {
            self.close_what_is_over(now);
        }
        Look { items: self.batch.take(), more }
    }

    /// Makes the file the last of the tails.
    fn turn_to(&mut self, id: FileId, now: Instant) -> Result<(), Obstacle> {
        if self.tails.last().is_some_and(|tail| tail.id() == id) {
            return Ok(());
        }
        let (file, metadata) = place::open(&self.path)?;
        // Between the look and the open the path may have come to name yet another file.
        let id = FileId::of(&metadata);
        if let Some(at) = self.tails.iter().position(|tail| tail.id() == id) {
            let tail = self.tails.remove(at);
            self.tails.push(tail);
            self.tell_replaced(Replacement::Rotated);
            return Ok(());
        }
        if let Some(old) = self.tails.last() {
            let gone = old.is_unlinked();
            self.tell_replaced(if gone { Replacement::Recreated } else { Replacement::Rotated });
        }
        self.add_missed(id, now);
        let tail = self.begin(file, &metadata, now)?;
        self.tails.push(tail);
        self.siblings.note_all(&self.path);
        self.keep_within_bound();
        Ok(())
    }

    fn begin(&mut self, file: File, metadata: &Metadata, now: Instant) -> Result<Tail, Obstacle> {
        if let Some(Some((id, size))) = self.first
            && id == FileId::of(metadata)
        {
            // Only once: should the file be closed and come back, its bookmark knows better.
            self.first = Some(None);
            return Tail::from_end(file, metadata, size, now)
                .map_err(|error| Obstacle::Other(self.path.clone(), error));
        }
        let tail = Tail::from_start(file, metadata, now);
        Ok(self.bookmarks.iter().fold(tail, Tail::resume))
    }

    /// Adds the files that had the name between two looks.
    fn add_missed(&mut self, newest: FileId, now: Instant) {
        let held = |id| id == newest || self.tails.iter().any(|tail| tail.id() == id);
        for missed in self.siblings.new_ones(&self.path, held) {
            match missed {
                Ok((file, metadata)) if !self.is_copy(&file) => {
                    self.tails.push(Tail::from_start(file, &metadata, now));
                }
                Ok(_) => {}
                Err(obstacle) => {
                    let why = format!("a rotated log was not read: {obstacle}");
                    self.batch.event(LogSourceEvent::Lost { bytes: None, why });
                }
            }
        }
    }

    /// Whether the file is a copy of one we read, made by a rotator or a person.
    fn is_copy(&self, file: &File) -> bool {
        self.tails.iter().any(|tail| tail.is_copied_in(file))
    }

    /// Reads the tails in order, until there is nothing new or the batch is full; true if full.
    fn read(&mut self, now: Instant) -> bool {
        self.is_unreadable = false;
        for at in 0..self.tails.len() {
            match self.tails[at].read(&mut self.buffer, &mut self.batch, now) {
                Ok(Found::Bytes) => return true,
                Ok(Found::End) => {}
                Ok(Found::Cut) => {
                    let tail = &mut self.tails[at];
                    let copy = siblings::find(&self.path, |file| tail.was_copied_to(file));
                    tail.begin_again(copy, now);
                    self.siblings.note_all(&self.path);
                    self.tell_replaced(Replacement::Truncated);
                    return true;
                }
                Err(error) => {
                    let why = format!("{} cannot be read: {error}", self.path.display());
                    self.is_unreadable = true;
                    self.tell(Told::Unavailable(why));
                }
            }
        }
        false
    }

    /// Closes files that nobody writes to any more: all but the last once a newer one has text,
    /// and the last when it has no name left at all.
    fn close_what_is_over(&mut self, now: Instant) {
        let quiet = |tail: &Tail| now.duration_since(tail.quiet_since()) >= LATE_WRITES_GRACE;
        let superseded = self.tails.last().is_some_and(Tail::has_text);
        let last = self.tails.len().saturating_sub(1);
        for at in (0..self.tails.len()).rev() {
            let tail = &self.tails[at];
            let over =
                if at < last { superseded } else { self.obstacle.is_some() && tail.is_unlinked() };
            if over && quiet(tail) {
                self.close(at);
            }
        }
    }

    fn keep_within_bound(&mut self) {
        while self.tails.len() > TAILS_MAX {
            self.close(0);
            let why = "too many rotated logs at once; the oldest is not read further".to_owned();
            self.batch.event(LogSourceEvent::Lost { bytes: None, why });
        }
    }

    fn close(&mut self, at: usize) {
        let mut tail = self.tails.remove(at);
        tail.flush(&mut self.batch);
        if self.bookmarks.len() == BOOKMARKS_MAX {
            self.bookmarks.pop_front();
        }
        self.bookmarks.push_back(tail.bookmark());
    }

    fn tell_following(&mut self) {
        self.obstacle = None;
        if !self.is_unreadable {
            self.tell(Told::Following);
        }
    }

    fn tell_obstacle(&mut self, obstacle: &Obstacle, now: Instant) {
        let why = obstacle.to_string();
        let since = match &self.obstacle {
            Some((since, same)) if *same == why => *since,
            _ => now,
        };
        self.obstacle = Some((since, why.clone()));
        let may_pass = self.told == Some(Told::Following);
        if !may_pass || now.duration_since(since) >= ABSENT_GRACE {
            self.tell(Told::Unavailable(why));
        }
    }

    fn tell_replaced(&mut self, how: Replacement) {
        self.batch.event(LogSourceEvent::Replaced { how });
    }

    fn tell(&mut self, news: Told) {
        if self.told.as_ref() == Some(&news) {
            return;
        }
        self.batch.event(match &news {
            Told::Following => LogSourceEvent::Following { what: self.path.display().to_string() },
            Told::Unavailable(why) => LogSourceEvent::Unavailable { why: why.clone() },
        });
        self.told = Some(news);
    }
}
