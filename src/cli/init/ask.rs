//! The questions, on a terminal. Enter takes what stands in brackets.

use std::io::{self, BufRead, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::draft::{Draft, LogPlace};
use super::look::Found;
use super::options::Options;
use super::page;
use crate::cli::style::printable;
use crate::config::keys::problem_with;
use crate::core::settings::Role;

/// Answers that are wrong before it gives up.
const TRIES: usize = 5;

/// A person who is asked.
struct Person<R, W> {
    answers: R,
    questions: W,
}

impl<R: BufRead, W: Write> Person<R, W> {
    /// Asks until `take` understands the answer; an empty one is `default`.
    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        take: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<T> {
        for _ in 0..TRIES {
            let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
            write!(self.questions, "{question}{}: ", printable(&shown))?;
            self.questions.flush()?;
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).context("the answer cannot be read")?;
            if read == 0 {
                writeln!(self.questions)?;
                bail!("ended before all was answered; nothing was written");
            }
            let answer = if line.trim().is_empty() { default } else { line.trim() };
            match take(answer) {
                Ok(taken) => return Ok(taken),
                Err(why) => writeln!(self.questions, "  That does not do: {}.", printable(&why))?,
            }
        }
        Err(anyhow!("{TRIES} answers were wrong; nothing was written"))
    }

    fn yes(&mut self, question: &str, default: bool) -> anyhow::Result<bool> {
        let shown = if default { "Y/n" } else { "y/N" };
        self.ask(question, shown, |answer| match answer.to_ascii_lowercase().as_str() {
            "y/n" => Ok(default),
            "y" | "yes" => Ok(true),
            "n" | "no" => Ok(false),
            _ => Err("y or n".to_owned()),
        })
    }
}

fn person() -> Person<io::StdinLock<'static>, io::Stderr> {
    Person { answers: io::stdin().lock(), questions: io::stderr() }
}

/// Which of several.
pub(super) fn which(found: &[Found]) -> anyhow::Result<usize> {
    which_of(&mut person(), found)
}

fn which_of<R: BufRead, W: Write>(
    person: &mut Person<R, W>,
    found: &[Found],
) -> anyhow::Result<usize> {
    for (at, found) in found.iter().enumerate() {
        writeln!(person.questions, "  {}  {}", at + 1, page::line(found))?;
    }
    let count = found.len();
    person.ask("Which of them is this keeper for?", "1", |answer| {
        let number = answer.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        number.map(|number| number - 1).ok_or_else(|| format!("a number of 1 to {count}"))
    })
}

/// All that can be said of one.
pub(super) fn all(
    draft: &mut Draft,
    found: &Found,
    options: &Options,
    output: &Path,
) -> anyhow::Result<()> {
    all_of(&mut person(), draft, found, options, output)
}

fn all_of<R: BufRead, W: Write>(
    person: &mut Person<R, W>,
    draft: &mut Draft,
    found: &Found,
    options: &Options,
    output: &Path,
) -> anyhow::Result<()> {
    if options.role.is_none() {
        let why = super::roles::role(found, draft.producer).1;
        writeln!(person.questions, "  ({})", printable(&why))?;
        let letter = draft.role.letter().to_string();
        let question = "What is this host for? A active producer, B first standby, C second standby, F observer";
        draft.role = person.ask(question, &letter, crate::cli::replay::parse_role)?;
        draft.assumed.retain(|assumed| !assumed.starts_with("role "));
    }
    if options.producer.is_none() {
        let default = draft.producer.map(|name| name.to_string()).unwrap_or_default();
        draft.producer = Some(person.ask("Whose turns are watched?", &default, |answer| {
            allowed("global", "producer_name", answer)?;
            answer.parse().map_err(|_| "it is no account name".to_owned())
        })?);
    }
    let url = draft.url.clone().unwrap_or_default();
    if found.info.is_none() {
        draft.url = Some(person.ask("Where is nodeos's HTTP API?", &url, |answer| {
            allowed("global", "http_url", answer)?;
            Ok(answer.to_owned())
        })?);
    }
    if let (LogPlace::File(path), None) = (&draft.log, &options.log_file) {
        let path = path.display().to_string();
        let taken = person.ask("Which file is nodeos's log?", &path, |answer| {
            if Path::new(answer).is_absolute() {
                Ok(answer.to_owned())
            } else {
                Err("a path that begins with /".to_owned())
            }
        })?;
        if taken != path {
            draft.assumed.retain(|assumed| !assumed.starts_with("log_file "));
            draft.log = LogPlace::File(taken.into());
        }
    }
    if options.references.is_empty() {
        let question = "Other nodes of the chain to compare with, http://HOST:PORT, separated by commas; Enter \
            for none";
        draft.references = list(person, question, ("references", "urls"))?;
    }
    if options.peers.is_empty() && draft.role != Role::Observer {
        let question =
            "Keepers of this producer's other nodes, NAME=http://HOST:9881; Enter for none yet";
        draft.peers = list(person, question, ("peers", "nodes"))?;
    }
    let what =
        if options.dry_run { "Print".to_owned() } else { format!("Write {}", output.display()) };
    if person.yes(&format!("{what}?"), true)? {
        return Ok(());
    }
    bail!("nothing was written")
}

fn list<R: BufRead, W: Write>(
    person: &mut Person<R, W>,
    question: &str,
    (section, key): (&str, &str),
) -> anyhow::Result<Vec<String>> {
    person.ask(question, "", |answer| {
        if answer.is_empty() {
            return Ok(Vec::new());
        }
        allowed(section, key, answer)?;
        Ok(answer.split(',').map(|part| part.trim().to_owned()).collect())
    })
}

fn allowed(section: &str, key: &str, value: &str) -> Result<(), String> {
    problem_with(section, key, value).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::init::draft::tests::{draft, found};

    fn told(answers: &str, config: &str) -> (anyhow::Result<Draft>, String) {
        let found = found(config, Some(true));
        let mut draft = draft(&found);
        let mut person = Person { answers: answers.as_bytes(), questions: Vec::new() };
        let output = Path::new("/etc/eoskeeper/config.ini");
        let ended = all_of(&mut person, &mut draft, &found, &Options::default(), output);
        (ended.map(|()| draft), String::from_utf8(person.questions).unwrap())
    }

    #[test]
    fn enter_takes_what_was_found_and_a_wrong_answer_is_asked_again() {
        // Role, producer, address (nothing answered), log, references, peers, write.
        let (taken, questions) = told("\n\n\n\n\n\n\n", "producer-name = eosstorebest\n");
        let taken = taken.unwrap();
        assert_eq!(taken.role, Role::FirstStandby);
        assert!(questions.contains("F observer [B]: "), "{questions}");
        assert!(questions.contains("Whose turns are watched? [eosstorebest]: "), "{questions}");
        assert!(taken.references.is_empty() && taken.assumed.is_empty(), "{taken:?}");

        let answers = "X\nc\nBAD NAME\nother\nhttp://127.0.0.1:9999\nrelative.log\n/l.log\n\
                       ftp://x\nhttp://r:1, http://s:2\na=http://10.0.0.1:9881\ny\n";
        let (taken, questions) = told(answers, "");
        let taken = taken.unwrap();
        assert_eq!(questions.matches("That does not do").count(), 4, "{questions}");
        assert_eq!((taken.role, taken.producer.unwrap().as_str()), (Role::SecondStandby, "other"));
        assert_eq!(taken.url.as_deref(), Some("http://127.0.0.1:9999"));
        assert_eq!(taken.log, LogPlace::File("/l.log".into()));
        assert_eq!(taken.references, ["http://r:1", "http://s:2"]);
        assert_eq!(taken.peers, ["a=http://10.0.0.1:9881"]);
    }

    #[test]
    fn it_ends_without_a_file_when_nobody_answers_or_says_no() {
        let bp = "producer-name = eosstorebest\n";
        for (answers, words) in [
            ("", "ended before all was answered"),
            ("x\nx\nx\nx\nx\nx\n", "5 answers were wrong"),
            ("\n\n\n\n\n\nn\n", "nothing was written"),
        ] {
            let (ended, _) = told(answers, bp);
            let why = ended.unwrap_err().to_string();
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn one_of_several_is_chosen_by_its_number() {
        let all = [found("producer-name = one\n", None), found("producer-name = two\n", None)];
        let mut person = Person { answers: "3\n2\n".as_bytes(), questions: Vec::new() };
        assert_eq!(which_of(&mut person, &all).unwrap(), 1);
        let questions = String::from_utf8(person.questions).unwrap();
        assert!(questions.contains("process 4711") && questions.contains("1 to 2"), "{questions}");
    }
}
