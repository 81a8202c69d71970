//! What log collectors put in front of nodeos's columns.
//!
//! A wrapper is made of pieces of known shape that start at the line's first byte. Nothing is
//! searched for: after each piece either the columns follow, or another piece, or the line has no
//! columns. So a record quoted inside another message, or inside the JSON of an exception, is
//! never taken for a record.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// Most pieces one line can have: a carriage return, a date, a host, a container, a priority.
const PIECES_MAX: usize = 8;
/// Most words of unknown collectors.
const WORDS_MAX: usize = 3;
/// Bytes a wrapper can have.
const WRAPPER_MAX: usize = 240;

/// One piece, by its shape. The comment says who prints it.
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x)^(?:
        \^[A-Z\\]                                             # a terminal's echo of Ctrl-C
      | <[0-9]{1,3}>(?:1\x20)?                                # priority: journald, syslog
      | (?:[A-Z][a-z]{2}\x20)?                                # syslog, journalctl, ts:
        (?: [A-Z][a-z]{2}\x20[\x200-9][0-9]\x20[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?
            (?:\x20[0-9]{4})?                                 # `Sep 23 06:26:01`
          | [0-9]{4}-[0-9]{2}-[0-9]{2}[T\x20_][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?
            (?:Z|\x20?[+-][0-9]{2}:?[0-9]{2}|\x20[A-Z]{3,4})?:?    # docker -t, CRI, journalctl, pm2
        )[\x20\t]+
        (?: (?:stdout|stderr)\x20[FP]\x20                     # CRI
          | [\w.-]{1,64}\x20[\w./@-]{1,64}\x20(?:[0-9]{1,10}|-)\x20[\w.-]{1,32}\x20-\x20 # RFC 5424
          | (?:[\w.-]{1,64}\x20+)?[\w./@-]{1,64}(?:\[[0-9]{1,10}\])?:\x20+  # host tag[pid]:
        )?
      | [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?[\x20\t]+  # foreman
      | \[\x20*[0-9]{1,12}\.[0-9]{1,9}\]\x20+                 # journalctl -o short-monotonic
      | [0-9]{1,12}\.[0-9]{6}\x20+                            # journalctl -o short-unix
      | [0-9]{1,9}\t                                          # cat -n
      | @[0-9a-f]{24}\x20+                                    # multilog
      | (?:[\w.-]{1,64}\x20+)?[\w./@-]{1,64}\[[0-9]{1,10}\]:\x20*  # host tag[pid]:
      | nodeos[\w.-]{0,32}:\x20+                              # logger -t nodeos
      | [0-9]{1,5}\|[^|\x22{}\[\]]{1,64}\|\x20*               # pm2
      | [\w.@-]{1,128}\x20*\|\x20*                            # docker compose, docker service logs
      | \[pod/[\w./-]{1,128}\]\x20+                           # kubectl logs --prefix
    )";
    // A constant pattern: every test of this file compiles it.
    RegexBuilder::new(pattern).unicode(false).build().expect("the pattern of wrappers is valid")
});

/// A word of a collector we don't know, such as `nodeos-0` or `/var/log/nodeos.log:12:`. It has a
/// digit or a sign before any colon, so that no sentence of a message is one.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"^[A-Za-z]{0,40}[0-9_./@=#+-][A-Za-z0-9_./@=#+-]{0,80}(?:[ \t]+|:(?:[0-9]{1,9}:)?[ \t]*)";
    // A constant pattern: every test of this file compiles it.
    RegexBuilder::new(pattern).unicode(false).build().expect("the pattern of a word is valid")
});

/// A line without its wrapper, where no columns follow: only pieces of known shape are taken off.
pub(super) fn behind_wrapper(line: &[u8]) -> &[u8] {
    let mut unwrap = Unwrap::new(line);
    for _ in 0..PIECES_MAX {
        let Some(taken) = unwrap.piece() else { break };
        unwrap.rest = &unwrap.rest[taken..];
    }
    unwrap.rest
}

/// Takes a line's wrapper off, piece after piece.
#[derive(Debug)]
pub(super) struct Unwrap<'a> {
    rest: &'a [u8],
    length: usize,
    pieces: usize,
    words: usize,
    indented: bool,
}

impl<'a> Unwrap<'a> {
    /// Starts at the line's first byte. NULs are what a log cut in place begins with while nodeos
    /// still writes at its old offset.
    pub(super) fn new(line: &'a [u8]) -> Self {
        let bytes = line.strip_prefix(b"\0").map_or(line, |_| {
            let text = line.iter().position(|byte| *byte != 0).unwrap_or(line.len());
            &line[text..]
        });
        Self { rest: bytes, length: bytes.len(), pieces: 0, words: 0, indented: false }
    }

    /// What is left; the columns may begin here.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the next piece off; `None` when there is none, and so no columns in this line.
    pub(super) fn next(&mut self) -> Option<()> {
        let taken = self.blanks().or_else(|| self.piece()).or_else(|| self.word())?;
        self.rest = &self.rest[taken..];
        self.pieces += 1;
        let in_bounds = self.pieces <= PIECES_MAX && self.length - self.rest.len() <= WRAPPER_MAX;
        in_bounds.then_some(())
    }

    /// An indented line is the rest of an exception unless it is a record with blanks before it.
    fn blanks(&mut self) -> Option<usize> {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
        let count = self.rest.iter().take(WRAPPER_MAX).take_while(blank).count();
        self.indented |= count > 0;
        (count > 0).then_some(count)
    }

    fn piece(&self) -> Option<usize> {
        PIECE.find(self.head()).map(|found| found.end())
    }

    fn word(&mut self) -> Option<usize> {
        if self.indented || self.words == WORDS_MAX {
            return None;
        }
        self.words += 1;
        WORD.find(self.head()).map(|found| found.end())
    }

    fn head(&self) -> &'a [u8] {
        &self.rest[..self.rest.len().min(WRAPPER_MAX)]
    }
}
