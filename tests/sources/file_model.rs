//! The file source against random programs of a writer and a rotator.
//!
//! The model is the list of what was written to each file. What must come out: of each file its
//! lines, in order, each once; and of a file that was rotated away before the next was made, all
//! lines before the next file's, unless they were written late.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use eoskeeper::sources::file::follower::Follower;
use eoskeeper::sources::lines::LogItem;
use proptest::prelude::*;
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Step {
    /// A piece of a line.
    Part(u16),
    /// The end of the line.
    Newline,
    /// A whole line (ends what had begun).
    Line(u16),
    /// `log` becomes `log.1`, and so on; the writer goes on in the new file.
    Rotate,
    /// As `Rotate`, but the writer holds the old file open, writes into it, then changes over.
    RotateWithLateWrites,
    /// The reader catches up, then the file is copied and cut.
    CopyTruncate,
    /// The reader catches up, more is written, then the file is copied and cut.
    CopyTruncateUnread,
    /// The reader catches up, then the file is removed and made again.
    DeleteAndCreate,
    /// The reader looks once.
    Look,
    /// The reader looks until there is nothing more.
    CatchUp,
    /// Time passes: files that lost their name are closed.
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u16..400).prop_map(Step::Part),
        2 => Just(Step::Newline),
        4 => (0u16..400).prop_map(Step::Line),
        2 => Just(Step::Rotate),
        2 => Just(Step::RotateWithLateWrites),
        1 => Just(Step::CopyTruncate),
        1 => Just(Step::CopyTruncateUnread),
        1 => Just(Step::DeleteAndCreate),
        2 => Just(Step::Look),
        1 => Just(Step::CatchUp),
        1 => Just(Step::Wait),
    ]
}

struct World {
    directory: TempDir,
    writer: File,
    /// Number of the file being written; each line names its file.
    file: usize,
    line: usize,
    pieces: usize,
    /// What was written of a line that has not ended.
    torn: String,
    written: HashMap<usize, Vec<String>>,
    follower: Follower,
    now: Instant,
    received: Vec<String>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "old line, never to be read\n").unwrap();
        let writer = appender(&path);
        let mut world = Self {
            directory,
            writer,
            file: 0,
            line: 0,
            pieces: 0,
            torn: String::new(),
            written: HashMap::new(),
            follower: Follower::new(path),
            now: Instant::now(),
            received: Vec::new(),
        };
        world.look();
        world
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Part(length) => self.part(*length),
            Step::Newline => self.newline(),
            Step::Line(length) => {
                self.part(*length);
                self.newline();
            }
            Step::Rotate => {
                self.newline();
                self.rename();
                self.change_over();
            }
            Step::RotateWithLateWrites => {
                self.rename();
                self.part(20);
                self.newline();
                self.change_over();
            }
            Step::CopyTruncate => {
                self.whole_line_and_part();
                self.catch_up();
                self.copy_and_cut();
            }
            Step::CopyTruncateUnread => {
                self.whole_line_and_part();
                self.catch_up();
                self.whole_line_and_part();
                self.copy_and_cut();
            }
            Step::DeleteAndCreate => {
                self.newline();
                self.catch_up();
                fs::remove_file(self.path()).unwrap();
                self.change_over();
            }
            Step::Look => {
                self.look();
            }
            Step::CatchUp => self.catch_up(),
            Step::Wait => {
                self.catch_up();
                self.now += Duration::from_secs(61);
                self.catch_up();
            }
        }
    }

    fn part(&mut self, length: u16) {
        if self.torn.is_empty() {
            self.line += 1;
            self.write(&format!("file {} line {} of the log ", self.file, self.line));
        }
        // As in a real log, no two places look alike: each piece repeats its own number.
        self.pieces += 1;
        let mut piece = format!("{} ", self.pieces).repeat(usize::from(length));
        piece.truncate(usize::from(length));
        self.write(&piece);
    }

    fn write(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.torn.push_str(text);
    }

    /// Ends the line that had begun. Each line tells its file and number: of two files that hold
    /// nothing but the same few bytes nobody could say whether one is the other's copy.
    fn newline(&mut self) {
        if self.torn.is_empty() {
            self.part(0);
        }
        self.writer.write_all(b"\n").unwrap();
        let line = std::mem::take(&mut self.torn);
        self.written.entry(self.file).or_default().push(line);
    }

    fn rename(&mut self) {
        self.shift();
        fs::rename(self.path(), self.directory.path().join("log.1")).unwrap();
    }

    /// By less than a line of a file the reader cannot know its copy.
    fn whole_line_and_part(&mut self) {
        self.newline();
        self.newline();
        self.part(30);
    }

    fn copy_and_cut(&mut self) {
        self.shift();
        fs::copy(self.path(), self.directory.path().join("log.1")).unwrap();
        self.writer.set_len(0).unwrap();
    }

    /// Makes room for a new `log.1`.
    fn shift(&mut self) {
        for number in (1..62).rev() {
            let name = |number: u32| self.directory.path().join(format!("log.{number}"));
            // Most of these do not exist.
            let _ = fs::rename(name(number), name(number + 1));
        }
    }

    fn change_over(&mut self) {
        self.file += 1;
        self.writer = appender(&self.path());
    }

    fn look(&mut self) -> bool {
        let look = self.follower.look(self.now);
        for item in look.items {
            if let LogItem::Lines(lines) = item {
                self.received
                    .extend(lines.into_iter().map(|line| String::from_utf8(line).unwrap()));
            }
        }
        look.more
    }

    fn catch_up(&mut self) {
        while self.look() {}
    }
}

fn appender(path: &PathBuf) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// The file a line says it was written to.
fn file_of(line: &str) -> usize {
    line.split(' ')
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no line of ours: {line}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_comes_once_and_in_order(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.newline();
        world.catch_up();

        let mut by_file: HashMap<usize, Vec<String>> = HashMap::new();
        for line in &world.received {
            by_file.entry(file_of(line)).or_default().push(line.clone());
        }
        prop_assert_eq!(by_file, world.written);
    }
}
