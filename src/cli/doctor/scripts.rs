//! Whether the scripts can be started, and are read by their interpreters without a fault.
//!
//! They are not run: a script that was begun in an honest try may have stopped a producer. A shell
//! reads one through with `-n`, Python by its parser.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::cases::{Advice, Case};
use crate::cli::check::{State, deadline, script};
use crate::config::{Actuator, Config};

/// Shells that know `-n`.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "zsh", "mksh"];
/// What makes Python read a file through.
const PYTHON: &str = "import ast,sys; ast.parse(open(sys.argv[1],'rb').read(), sys.argv[1])";
/// Deadline of an interpreter.
const DEADLINE: Duration = Duration::from_secs(5);
/// The kernel reads no more of the first line.
const FIRST_LINE_BYTES: u64 = 256;
/// How much of a complaint is told.
const WORDS_CHARS: usize = 200;

/// Each script that is named.
pub(super) async fn look(config: &Config) -> Vec<Advice> {
    let acts = [
        ("promote", &config.promote),
        ("demote", &config.demote),
        ("promote_remote", &config.promote_remote),
        ("fence", &config.fence),
        ("restart", &config.restart),
    ];
    let path = |actuator: &Option<Actuator>| match actuator {
        Some(Actuator::Script(path)) => Some(path.clone()),
        Some(Actuator::Api) | None => None,
    };
    let mut named: Vec<(&'static str, PathBuf)> =
        acts.iter().filter_map(|(name, act)| Some((*name, path(act)?))).collect();
    named.extend(config.channels.script.as_ref().map(|script| ("[script]", script.path.clone())));
    if named.is_empty() {
        return vec![Case::ScriptsNone.because("No script is named.")];
    }
    let count = named.len();
    let mut advice = Vec::new();
    for (name, path) in named {
        advice.extend(one(name, path).await);
    }
    if advice.is_empty() {
        advice
            .push(Case::ScriptsGood.because(format!("{count} scripts are read without a fault.")));
    }
    advice
}

/// What is the matter with a script.
async fn one(name: &'static str, path: PathBuf) -> Option<Advice> {
    let shown = path.display().to_string();
    let file = path.clone();
    let looked = deadline("script", move || {
        let row = script(name, &file);
        let starts = row.state != State::Fail;
        if starts { Ok(reader(&file)) } else { Err(row.detail) }
    });
    let reader = match looked.await.unwrap_or_else(|row| Err(row.detail)) {
        Ok(reader) => reader,
        Err(why) => return Some(Case::ScriptBad.because(format!("{name}: {why}."))),
    };
    let Some((program, arguments)) = reader else {
        let words = format!("{name}: {shown} can be started, and was not read through.");
        return Some(Case::ScriptUnread.because(words));
    };
    match read_through(&program, &arguments, &path).await {
        Ok(()) => None,
        Err(why) => Some(Case::ScriptBad.because(format!("{name}: {shown}: {why}."))),
    }
}

/// The program that reads a script through without running it, and its arguments before the path.
fn reader(path: &Path) -> Option<(String, Vec<String>)> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(FIRST_LINE_BYTES).read_to_end(&mut start).ok()?;
    let text = String::from_utf8_lossy(&start);
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_ascii_whitespace();
    let base = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut program = words.next()?.to_owned();
    if base(&program) == "env" {
        program = words.find(|word| !word.starts_with('-') && !word.contains('='))?.to_owned();
    }
    let name = base(&program);
    if SHELLS.contains(&name.as_str()) {
        return Some((program, vec!["-n".to_owned()]));
    }
    name.starts_with("python").then(|| (program, vec!["-c".to_owned(), PYTHON.to_owned()]))
}

async fn read_through(program: &str, arguments: &[String], path: &Path) -> Result<(), String> {
    let reading = Command::new(program)
        .args(arguments)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match timeout(DEADLINE, reading).await {
        Err(_) => return Err(format!("{program} did not read it within 5 s")),
        Ok(Err(error)) => return Err(format!("{program} cannot be run: {error}")),
        Ok(Ok(output)) => output,
    };
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last =
        words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(last.chars().take(WORDS_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_script_is_read_through_and_not_run() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("good.sh", "#!/bin/sh\ntouch \"$(dirname \"$0\")/was-run\"\n", None),
            ("env.sh", "#!/usr/bin/env -S bash\n[[ a == a ]]\n", None),
            ("cut.sh", "#!/bin/sh\nif true; then\n  echo x\n", Some(Case::ScriptBad)),
            ("other", "#!/bin/cat\nx\n", Some(Case::ScriptUnread)),
            ("none.sh", "echo x\n", Some(Case::ScriptBad)),
        ] {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
            let advice = one("promote", path).await;
            assert_eq!(
                advice.as_ref().map(|a| a.verdict),
                expected.map(Case::verdict),
                "{name}: {advice:?}"
            );
        }
        assert!(!dir.path().join("was-run").exists());
    }
}
