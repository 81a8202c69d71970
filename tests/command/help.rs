//! Every command's help, completions and manual pages, of the program itself.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

/// Commands whose output is no data, and why.
const NO_JSON: [(&str, &str); 8] = [
    ("eoskeeper", "has commands only"),
    ("eoskeeper run", "goes on for ever; its log may be JSON, `[log] format`"),
    ("eoskeeper top", "is looked at; `status --json` is the same"),
    ("eoskeeper cloudwatch", "has commands only"),
    ("eoskeeper chart", "a picture"),
    ("eoskeeper classify", "is always JSON"),
    ("eoskeeper completions", "a script"),
    ("eoskeeper man", "a page"),
];

fn eoskeeper(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eoskeeper")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The help of a command; `words` without the program's own name.
fn help(words: &[String]) -> String {
    let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
    arguments.push("--help");
    let output = eoskeeper(&arguments);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The commands that a help names.
fn commands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.trim().is_empty());
    // Words of a wrapped description stand further in.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Every command with its help, from the top.
fn all() -> Vec<(String, String)> {
    let (mut todo, mut found) = (vec![Vec::new()], Vec::new());
    while let Some(words) = todo.pop() {
        let help = help(&words);
        for name in commands(&help).into_iter().filter(|name| name != "help") {
            let mut deeper: Vec<String> = words.clone();
            deeper.push(name);
            todo.push(deeper);
        }
        let mut name = vec!["eoskeeper".to_owned()];
        name.extend(words);
        found.push((name.join(" "), help));
    }
    found
}

#[test]
fn every_command_has_examples_and_json_where_its_output_is_data() {
    let all = all();
    assert!(all.len() > 30, "{} commands", all.len());
    for (name, help) in &all {
        let examples: Vec<&str> =
            help.lines().skip_while(|line| *line != "Examples:").skip(1).collect();
        assert!(!examples.is_empty(), "{name} --help has no examples:\n{help}");
        let own = examples.iter().take_while(|line| !line.trim().is_empty());
        let is_own = |line: &&str| line.contains(name.as_str()) || line.contains("systemctl");
        assert!(own.clone().any(is_own), "{name}: no example is its own:\n{help}");
        let has_json = help.lines().any(|line| line.trim_start().starts_with("--json"));
        let excused = NO_JSON.iter().find(|(command, _)| command == name);
        assert_eq!(has_json, excused.is_none(), "{name}: {excused:?}\n{help}");
    }
}

#[test]
fn every_example_is_understood() {
    // An example with an option that is not there would be worse than none.
    let options: Vec<(String, BTreeSet<String>)> = all()
        .into_iter()
        .map(|(name, help)| {
            let words = help.split(|c: char| c.is_whitespace() || ",[]<>=".contains(c));
            let options = words.filter(|word| word.starts_with('-')).map(str::to_owned);
            let before_examples = help.split("Examples:").next().unwrap_or_default();
            let known =
                options.filter(|option| before_examples.contains(option.as_str())).collect();
            (name, known)
        })
        .collect();
    let mut seen = 0;
    for (name, help) in all() {
        let examples = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        for line in examples.filter(|line| line.starts_with("  ")) {
            for command in
                line.split('|').filter_map(|part| part.find("eoskeeper ").map(|at| &part[at..]))
            {
                let words: Vec<&str> = command.split("  ").next().unwrap().split(' ').collect();
                let deepest = options
                    .iter()
                    .filter(|(known, _)| {
                        let known: Vec<&str> = known.split(' ').collect();
                        words.starts_with(&known)
                    })
                    .max_by_key(|(known, _)| known.len());
                let (_, known) = deepest.unwrap_or_else(|| panic!("{name}: {line}"));
                for option in words.iter().filter(|word| word.len() > 1 && word.starts_with('-')) {
                    assert!(known.contains(*option), "{name}: {option} in {line:?}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 40, "{seen} options seen");
}

#[test]
fn manual_pages_are_written_and_have_no_fault() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1");
    let output = eoskeeper(&["man", "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for (name, _) in all() {
        let file = out.join(format!("{}.1", name.replace(' ', "-")));
        let page = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}", file.display()));
        assert!(page.contains(".SH EXAMPLES") && page.contains(".SH \"EXIT STATUS\""), "{name}");
        // Where mandoc is installed, it judges; one that is not there is not asked.
        let checked =
            Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(&file).output();
        if let Ok(checked) = checked {
            let faults = text(&checked.stdout) + &text(&checked.stderr);
            assert!(checked.status.success(), "{name}: {faults}");
        }
    }
    let wrong = eoskeeper(&["man", "no", "such"]);
    assert!(text(&wrong.stderr).contains("there is no command 'no such'"), "{wrong:?}");
}

#[test]
fn bash_itself_completes_commands_and_options() {
    let script = text(&eoskeeper(&["completions", "bash"]).stdout);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("eoskeeper");
    fs::write(&file, script).unwrap();
    for (line, expected, not) in [
        ("eoskeeper sta", "status", "fleet"),
        ("eoskeeper status --", "--why", "--yes"),
        ("eoskeeper cloudwatch set", "setup", "show"),
        ("eoskeeper completions ", "fish", "--yes"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let asked = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _eoskeeper eoskeeper '{}' '{}'; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display(),
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        let output = Command::new("bash").args(["--norc", "-c", &asked]).output().expect("bash");
        let offered = text(&output.stdout);
        let has = |word: &str| offered.lines().any(|offer| offer == word);
        assert!(has(expected) && !has(not), "{line}: {offered}{}", text(&output.stderr));
    }
}

#[test]
fn top_refuses_what_is_no_terminal_and_names_what_to_use() {
    let output = eoskeeper(&["top", "--url", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("needs a terminal") && said.contains("eoskeeper status"), "{said}");
    assert!(said.contains("top --once"), "{said}");
    let output = eoskeeper(&["top", "--once", "--url", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("no keeper answers at http://127.0.0.1:1"), "{output:?}");
}
