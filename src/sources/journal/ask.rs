//! A question to `journalctl` that it answers and ends.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

use crate::sources::journal::export::{FIELDS, Parser, Record};
use crate::sources::journal::streams::DROPPED;
use crate::sources::journal::{Journal, cursor::Cursor};

/// Bytes of a read, and of what it complains of.
const PIECE_BYTES: usize = 64 * 1024;
const WORDS_BYTES: usize = 2 * 1024;

/// What is asked for.
pub(super) struct Question {
    arguments: Vec<OsString>,
    /// Matches of which one must be met; none is everything.
    matches: Vec<String>,
    /// A match that must be met beside it.
    machine: Option<String>,
}

impl Question {
    /// The newest record of anything, for its place.
    pub(super) fn newest() -> Self {
        Self { arguments: vec!["--lines=1".into()], matches: Vec::new(), machine: None }
    }

    /// What a unit printed, and what journald dropped of it.
    pub(super) fn of(unit: &str) -> Self {
        let matches = vec![format!("_SYSTEMD_UNIT={unit}"), format!("MESSAGE_ID={DROPPED}")];
        Self { arguments: Vec::new(), matches, machine: None }
    }

    /// Only the last so many.
    pub(super) fn last(mut self, count: u32) -> Self {
        self.arguments.push(format!("--lines={count}").into());
        self
    }

    /// Only those of a span of Unix seconds.
    pub(super) fn between(mut self, (from, until): (i64, i64)) -> Self {
        self.arguments.push(format!("--since=@{from}").into());
        self.arguments.push(format!("--until=@{until}").into());
        self
    }

    /// All that come, from a place on and including it.
    pub(super) fn following(mut self, from: Option<&Cursor>) -> Self {
        self.arguments.extend(["--follow".into(), "--no-tail".into()]);
        if let Some(cursor) = from {
            self.arguments.push(format!("--cursor={}", cursor.as_str()).into());
        }
        self
    }

    /// Only those of this machine, of whatever boot. `--follow` alone means the boot that
    /// `/proc/sys/kernel/random/boot_id` names, which inside a container is the host's as soon as a unit
    /// has a `/proc` of its own (`ProtectKernelTunables=`); `--merge` lifts that, and would add the
    /// journals of other machines that lie here.
    pub(super) fn of_machine(mut self, id: Option<&str>) -> Self {
        if let Some(id) = id {
            self.arguments.push("--merge".into());
            self.machine = Some(format!("_MACHINE_ID={id}"));
        }
        self
    }

    /// The matches as `journalctl` wants them: each of them with the machine's.
    fn terms(&self) -> Vec<&str> {
        let mut terms = Vec::new();
        for one in &self.matches {
            if !terms.is_empty() {
                terms.push("+");
            }
            terms.extend(self.machine.as_deref());
            terms.push(one);
        }
        terms
    }

    /// The command.
    pub(super) fn command(&self, journal: &Journal) -> Command {
        let mut command = Command::new(&journal.program);
        command
            .args(&journal.arguments)
            .args(["--no-pager", "--output=export", "--all"])
            .arg(format!("--output-fields={FIELDS}"))
            .args(&self.arguments)
            .args(self.terms())
            // Its complaints are told to people, and recognised below.
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Asks, and hands each record of the answer to `take`.
    pub(super) async fn ask(
        &self,
        journal: &Journal,
        deadline: Duration,
        take: impl FnMut(Record),
    ) -> Result<(), String> {
        let program = journal.program.display();
        match timeout(deadline, self.answer(journal, take)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("{program} did not end within {} s", deadline.as_secs())),
        }
    }

    async fn answer(&self, journal: &Journal, mut take: impl FnMut(Record)) -> Result<(), String> {
        let program = journal.program.display();
        let mut child = self.command(journal).spawn().map_err(|error| not_run(journal, &error))?;
        let (mut out, err) = (child.stdout.take(), child.stderr.take());
        let reading = async {
            let (mut parser, mut piece) = (Parser::default(), vec![0; PIECE_BYTES]);
            while let Some(out) = &mut out {
                match out.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => parser.push(&piece[..read], &mut take),
                }
            }
        };
        let ((), words) = tokio::join!(reading, words(err));
        let status = child.wait().await.map_err(|error| format!("{program}: {error}"))?;
        match complaint(&words) {
            Some(complaint) => Err(complaint),
            None if status.success() => Ok(()),
            // Nothing found is an answer, and in some versions a failure without a word.
            None if words.trim().is_empty() => Ok(()),
            None => Err(format!("{program} failed: {}", first_line(&words))),
        }
    }
}

/// Why the program did not start.
pub(super) fn not_run(journal: &Journal, error: &std::io::Error) -> String {
    let program = journal.program.display();
    format!("{program} cannot be run: {error}; log_source = journal:… needs systemd's journal")
}

/// What it complains of, as far as it is kept.
pub(super) async fn words(from: Option<impl AsyncRead + Unpin>) -> String {
    let mut words = Vec::new();
    let Some(mut from) = from else { return String::new() };
    let mut piece = [0; WORDS_BYTES];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let room = WORDS_BYTES - words.len();
        words.extend_from_slice(&piece[..read.min(room)]);
    }
    String::from_utf8_lossy(&words).into_owned()
}

/// The journal hides itself from who may not read it, and says so in passing.
pub(super) fn complaint(words: &str) -> Option<String> {
    const HIDDEN: [&str; 3] =
        ["insufficient permissions", "not seeing messages from other users", "Permission denied"];
    HIDDEN.iter().any(|hidden| words.contains(hidden)).then(|| {
        "this user may not read the journal; add it to the group systemd-journal and start eoskeeper \
         anew"
            .to_owned()
    })
}

pub(super) fn first_line(words: &str) -> &str {
    words.lines().next().unwrap_or("it said nothing")
}

/// This machine's id, where it has one.
pub(super) async fn machine_id() -> Option<String> {
    let text = tokio::fs::read_to_string("/etc/machine-id").await.ok()?;
    let id = text.trim();
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn each_match_is_of_this_machine() {
        let dropped = format!("MESSAGE_ID={}", super::DROPPED);
        let plain = Question::of("nodeos.service");
        assert_eq!(plain.terms(), ["_SYSTEMD_UNIT=nodeos.service", "+", &dropped]);
        let own = plain.of_machine(Some("ab"));
        let unit = "_SYSTEMD_UNIT=nodeos.service";
        assert_eq!(own.terms(), ["_MACHINE_ID=ab", unit, "+", "_MACHINE_ID=ab", &dropped]);
        assert_eq!(own.arguments, ["--merge"]);
        assert_eq!(Question::of("a").of_machine(None).arguments, [""; 0], "as it was before");
        assert_eq!(Question::newest().terms(), [""; 0]);
    }
}
