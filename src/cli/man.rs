//! `eoskeeper man`: the manual, a page for each command.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{Arguments, ended, print};

/// What stands at the foot of each page.
const MANUAL: &str = "eoskeeper manual";
/// What every command ends with; the same as at the top of [`crate::cli`].
const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "All is well."),
    ("1", "It could not be done, or something is not well."),
    ("2", "The arguments or the configuration are wrong; nothing was started."),
    ("3", "The keeper could not be reached; nothing was ordered."),
];

/// Where to.
#[derive(Args, Debug)]
pub struct Options {
    /// The command whose page is printed; without it that of eoskeeper itself.
    #[arg(value_name = "COMMAND", num_args = 0..)]
    command: Vec<String>,
    /// Write every page into this directory instead, as eoskeeper.1, eoskeeper-run.1 and so on.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// A page: the name of its file, and its text.
struct Page {
    file: String,
    text: Vec<u8>,
}

/// Prints a page, or writes all of them.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    ended(match &options.out {
        Some(dir) => write(dir),
        None => show(&options.command),
    })
}

fn show(words: &[String]) -> anyhow::Result<()> {
    let wanted = format!("eoskeeper-{}.1", words.join("-"));
    let wanted = if words.is_empty() { "eoskeeper.1" } else { &wanted };
    let pages = pages().context("the manual could not be made")?;
    let page = pages.iter().find(|page| page.file == wanted).with_context(|| {
        format!("there is no command '{}'; `eoskeeper --help` names all", words.join(" "))
    })?;
    print(&String::from_utf8_lossy(&page.text))
}

fn write(dir: &Path) -> anyhow::Result<()> {
    let at = dir.display();
    fs::create_dir_all(dir).with_context(|| format!("the directory {at} cannot be made"))?;
    let pages = pages().context("the manual could not be made")?;
    for page in &pages {
        let path = dir.join(&page.file);
        fs::write(&path, &page.text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    print(&format!(
        "{} pages written to {at}; read one with: man -l {at}/eoskeeper.1\n",
        pages.len()
    ))
}

/// Every page, eoskeeper's own first.
fn pages() -> io::Result<Vec<Page>> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    pages.push(page(command)?);
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    shown.into_iter().try_for_each(|sub| collect(sub, pages))
}

fn page(command: &Command) -> io::Result<Page> {
    let version = env!("CARGO_PKG_VERSION");
    let title = name(command).to_uppercase();
    // A date would make every build another one; an empty one would be left out, and the next
    // words taken for it.
    let man = Man::new(command.clone())
        .title(title)
        .section("1")
        .date(" ")
        .source(format!("eoskeeper {version}"))
        .manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut more = Roff::default();
    examples(command, &mut more);
    exits(&mut more);
    see_also(command, &mut more);
    more.to_writer(&mut text)?;
    Ok(Page { file: format!("{}.1", name(command)), text })
}

/// `eoskeeper-cloudwatch-setup`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The examples that `--help` has, as they stand there, and what is said below them.
fn examples(command: &Command, roff: &mut Roff) {
    let Some(help) = command.get_after_help() else { return };
    let help = help.to_string();
    let (examples, notes): (Vec<&str>, Vec<&str>) = help
        .lines()
        .filter(|line| !line.is_empty() && *line != "Examples:")
        .partition(|line| line.starts_with("  "));
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in examples {
        roff.text([roman(line.trim())]);
    }
    roff.control("fi", []);
    for line in notes {
        roff.control("PP", []);
        roff.text([roman(line)]);
    }
}

fn exits(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        roff.control("TP", ["4"]);
        roff.text([roman(code)]);
        roff.text([roman(meaning)]);
    }
}

/// The page above, or all below.
fn see_also(command: &Command, roff: &mut Roff) {
    let own = name(command);
    let above = own.rsplit_once('-').map(|(above, _)| above.to_owned());
    let below = command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(name);
    let pages: Vec<String> = above.into_iter().chain(below).map(|page| page + "(1)").collect();
    if !pages.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        roff.text([roman(pages.join(", "))]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page_with_its_parts() {
        let pages = pages().unwrap();
        for (file, parts) in [
            ("eoskeeper.1", vec!["eoskeeper demo", ".SH \"EXIT STATUS\"", "eoskeeper\\-run(1)"]),
            ("eoskeeper-status.1", vec!["status \\-\\-why", "\\-\\-json", "eoskeeper(1)"]),
            ("eoskeeper-cloudwatch-setup.1", vec!["\\-\\-dry\\-run", "eoskeeper\\-cloudwatch(1)"]),
        ] {
            let page = pages.iter().find(|page| page.file == file).expect(file);
            let text = String::from_utf8_lossy(&page.text);
            for part in parts {
                assert!(text.contains(part), "{file}: {part}\n{text}");
            }
        }
        assert_eq!(pages[0].file, "eoskeeper.1");
    }
}
