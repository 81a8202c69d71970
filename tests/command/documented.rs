//! Every command of the documents: those of eoskeeper are run in a sandbox, those of other programs are
//! listed with the place where they are run instead.

mod elsewhere;
mod read;
mod sandbox;

use std::collections::{BTreeMap, BTreeSet};

use read::{Command, Place};
use sandbox::Sandbox;

/// Each command once, with the first place that names it.
fn commands() -> BTreeMap<String, Command> {
    let mut found = BTreeMap::new();
    for command in read::commands() {
        found.entry(command.line.clone()).or_insert(command);
    }
    found
}

#[test]
fn every_command_of_the_documents_runs_or_is_known_to_run_elsewhere() {
    let sandbox = Sandbox::set();
    let (mut ran, mut faults) = (0, Vec::new());
    for command in commands().values() {
        let foreign =
            command.programs().into_iter().find(|program| !sandbox::has(program, &command.line));
        if let Some(program) = foreign {
            if elsewhere::of(program, &command.line).is_none() {
                faults.push(format!("{command}: {program} is neither run here nor listed"));
            }
            continue;
        }
        ran += 1;
        faults.extend(sandbox.try_out(command).err().map(|fault| format!("{command}: {fault}")));
    }
    faults.extend(sandbox.end().err());
    assert_eq!(faults, Vec::<String>::new(), "{} commands are wrong", faults.len());
    assert!(ran >= 90, "only {ran} commands were found that can be run here");
}

#[test]
fn nothing_is_listed_that_no_document_says() {
    let commands = commands();
    let said: BTreeSet<(&str, &str)> = commands
        .values()
        .flat_map(|c| c.programs().into_iter().map(|p| (p, c.line.as_str())))
        .filter_map(|(program, line)| elsewhere::of(program, line))
        .map(|row| (row.program, row.part))
        .collect();
    for row in elsewhere::ROWS {
        assert!(said.contains(&(row.program, row.part)), "{} {}", row.program, row.part);
        assert!(row.why.len() > 20, "{}: give the reason and the place", row.program);
    }
}

#[test]
fn a_script_that_is_named_is_there() {
    let mut seen = 0;
    for command in commands().values() {
        for program in command.programs() {
            if let Some(path) = program.trim_start_matches("./").strip_prefix("scripts/") {
                let file = read::root().join("scripts").join(path);
                assert!(file.is_file(), "{command}: there is no {}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn commands_are_found_where_documents_have_them() {
    let text = "Run `eoskeeper check -c\nFILE`, not `[status] listen` or `eoskeeper`.\n\n   ```sh\n   A=1 eoskeeper \
                status \\\n       --why   # all\n   ```\n\n```\n[slack]\neoskeeper run\n│ table\n```\n\
                ```console\n$ eoskeeper promote\nrefused\n```\n```ini\nscripts/x = 1\n```\n";
    let found: Vec<_> = read::in_text("x.md", text)
        .into_iter()
        .map(|c| (c.place == Place::Block, c.at, c.line))
        .collect();
    let expected = [
        (true, 5, "A=1 eoskeeper status --why"),
        (true, 11, "eoskeeper run"),
        (true, 15, "eoskeeper promote"),
        (false, 1, "eoskeeper check -c FILE"),
    ];
    assert_eq!(found, expected.map(|(block, at, line)| (block, at, line.to_owned())));
}

#[test]
fn programs_are_found_in_lines_of_a_shell() {
    let of = |line: &str| read::programs(line).join(" ");
    assert_eq!(
        of("A=1 eoskeeper status | jq -r 'a | b' && ls > x.json; cat y"),
        "eoskeeper jq ls cat"
    );
    assert_eq!(of("(umask 077; head -c 3 /dev/urandom | base64 > f)"), "umask head base64");
    assert_eq!(of("printf '%s\\n' \"$(cat f)\" | curl -K -"), "printf curl");
    assert_eq!(of("sudo -u eoskeeper eoskeeper promote"), "sudo");
}
