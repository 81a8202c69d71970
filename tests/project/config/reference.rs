//! `config.ini.example` and `doc/configuration.md` against the table of keys.
//!
//! Both are made from the table. After a change of the table a failing test prints the text it
//! expects; with `UPDATE_DOCS=1` in the environment the tests put it into the files themselves, and
//! pass when they are run again.

use eoskeeper::config::keys::{DefaultValue, Key, SECTIONS, Section};
use eoskeeper::core::settings::{Role, Rules, Settings};

use super::{ACTS, LEAST, loaded, parsed};

const EXAMPLE: &str = include_str!("../../../config.ini.example");
const REFERENCE: &str = include_str!("../../../doc/configuration.md");

fn keys() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    SECTIONS.iter().flat_map(|section| section.keys.iter().map(move |key| (section, key)))
}

/// What the example says of a section.
fn example_section(section: &Section) -> String {
    let keys: Vec<String> = section.keys.iter().map(example_key).collect();
    format!("# {}\n[{}]\n\n{}", section.help, section.name, keys.join("\n"))
}

/// What the example says of a key: what, default, what is allowed, and the line itself.
fn example_key(key: &Key) -> String {
    let mark = if is_set_in_the_example(key) { "" } else { "#" };
    let mut text = String::new();
    let default = match key.default {
        DefaultValue::Required { note, .. } => note.replacen('m', "M", 1),
        _ => format!("Default: {}", key.default_words()),
    };
    let values = format!("{default}. Allowed: {}.", key.kind.allowed());
    for sentence in [key.help, &values] {
        for line in wrapped(sentence, 92) {
            text.push_str(&format!("# {line}\n"));
        }
    }
    text + &format!("{mark}{} = {}\n", key.name, key.example())
}

fn is_set_in_the_example(key: &Key) -> bool {
    matches!(key.default, DefaultValue::Required { .. })
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            last.push_str(word);
        } else if last.len() + 1 + word.len() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A section's table in the reference.
fn reference_section(section: &Section) -> String {
    let rows: String = section
        .keys
        .iter()
        .map(|key| {
            format!(
                "| `{}` | {} | {} | {} |\n",
                key.name,
                key.default_words(),
                key.kind.allowed(),
                key.help
            )
        })
        .collect();
    format!(
        "### `[{}]`\n\n{}\n\n| key | default | allowed | what |\n|---|---|---|---|\n{rows}",
        section.name, section.help
    )
}

/// Writes a file anew from where its first section begins, where that is wished for.
fn update(file: &str, text: &str, section: fn(&Section) -> String) {
    if std::env::var_os("UPDATE_DOCS").is_none() {
        return;
    }
    let first = section(&SECTIONS[0]);
    // The help of the first section's keys may have changed; its own has to be found.
    let begin = first.lines().next().and_then(|line| text.find(line)).expect("the first section");
    let sections: Vec<String> = SECTIONS.iter().map(section).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::write(path, format!("{}{}", &text[..begin], sections.join("\n"))).unwrap();
}

#[test]
fn the_example_says_what_the_table_says() {
    update("config.ini.example", EXAMPLE, example_section);
    for section in SECTIONS {
        let expected = example_section(section);
        assert!(EXAMPLE.contains(&expected), "config.ini.example should have:\n\n{expected}");
    }
}

#[test]
fn the_reference_says_what_the_table_says() {
    update("doc/configuration.md", REFERENCE, reference_section);
    for section in SECTIONS {
        let expected = reference_section(section);
        assert!(REFERENCE.contains(&expected), "configuration.md should have:\n\n{expected}");
    }
}

#[test]
fn the_example_names_nothing_the_parser_does_not_know() {
    let mut section = "";
    let mut named = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ")
            && !line.starts_with("# ")
        {
            named.push((section, key));
        }
    }
    let known: Vec<(&str, &str)> = keys().map(|(section, key)| (section.name, key.name)).collect();
    assert_eq!(named, known);
}

#[test]
fn the_example_loads_as_it_is() {
    let config = loaded(EXAMPLE);
    assert_eq!(config, loaded(LEAST));
}

#[test]
fn every_default_of_the_example_is_the_built_in_one() {
    let mut text = EXAMPLE.to_owned();
    let mut uncommented = 0;
    for (_, key) in keys() {
        if let Some(default) = key.default_text() {
            let line = format!("{} = {default}\n", key.name);
            assert!(text.contains(&format!("\n#{line}")), "no line #{line}");
            // Two sections may have the same line: each time the next of them.
            text = text.replacen(&format!("\n#{line}"), &format!("\n{line}"), 1);
            uncommented += 1;
        }
    }
    assert!(uncommented > 35, "{uncommented}");
    let config = loaded(&text);
    assert_eq!(config, loaded(LEAST));
    let role = Role::FirstStandby;
    assert_eq!(config.settings, Settings::new(role, "eosstorebest".parse().unwrap()));
}

#[test]
fn every_default_alone_is_the_built_in_one() {
    for (section, key) in keys() {
        let Some(default) = key.default_text() else { continue };
        assert!(!default.is_empty(), "[{}] {}", section.name, key.name);
        let line = format!("{} = {default}", key.name);
        let text = if section.name == "global" {
            format!("{LEAST}{line}\n")
        } else {
            format!("{LEAST}[{}]\n{line}\n", section.name)
        };
        assert_eq!(loaded(&text), loaded(LEAST), "{line}");
    }
}

/// A promotion by key, with `line` in the place of the same key's.
fn by_key(line: &str) -> String {
    let mut text = format!("{LEAST}[promotion]\npromote = key\ndemote = api\n{line}\n");
    for (key, value) in [
        ("key_script", "./other.sh"),
        ("producer_key", "EOS6Dx2axBE5LdtR7GLfGAijuV4FvNJcYPNKwuWzwruBBauDBFyGP"),
    ] {
        if !line.starts_with(key) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

/// That each key has its place in the typed tree: a value that isn't the default is kept.
#[test]
fn every_other_example_is_taken() {
    for (section, key) in keys() {
        if !matches!(key.default, DefaultValue::Nothing { .. }) {
            continue;
        }
        let line = format!("{} = {}", key.name, key.example());
        let text = match key.name {
            _ if section.name == "telegram" => super::chat::telegram(&line),
            _ if section.name == "wecom" => super::chat::wecom(&line),
            _ if CHANNELS.contains(&section.name) => channel(section.name, &line),
            "promote" => format!("{LEAST}[promotion]\n{line}\ndemote = api\n"),
            "key_script" | "producer_key" => by_key(&line),
            "promote_remote" => {
                format!(
                    "{}[promotion]\n{line}\ndemote = api\n",
                    LEAST.replace("role = B", "role = A")
                )
            }
            "c_name" => format!("{LEAST}is_docker = true\n{line}\n"),
            "docker_host" => format!("{LEAST}is_docker = true\nc_name = nodeos\n{line}\n"),
            "min_agree" => format!("{LEAST}[references]\nurls = http://a, http://b\n{line}\n"),
            "user" | "password_file" => {
                format!(
                    "{LEAST}{ACTS}[lease]\nendpoints = http://e:2379\nuser = u\npassword_file = p\n"
                )
            }
            "ca_file" if section.name == "fleet" => {
                let (certificate, _) = super::status::certificate();
                format!("{LEAST}[fleet]\nca_file = {}\n", certificate.display())
            }
            "ca_file" => format!("{LEAST}{ACTS}[lease]\nendpoints = https://e:2379\n{line}\n"),
            "endpoints" => format!("{LEAST}{ACTS}[lease]\n{line}\n"),
            "http_url" => LEAST.replace("http_port = 8888", &line),
            "tls_cert" | "tls_key" => super::status::with_certificate(),
            "token_file" if section.name == "status" || section.name == "fleet" => {
                let token = super::secret_file(0o600, "0123456789abcdef");
                format!("{LEAST}[{}]\ntoken_file = {}\n", section.name, token.display())
            }
            "account" | "currency" | "token_file" | "hashrate_floor" => pool(&line),
            "members_file" => {
                let file = super::secret_file(0o644, "oslo-1 = http://10.0.1.2:9880 # north\n");
                format!("{LEAST}[fleet]\nmembers_file = {}\n", file.display())
            }
            "listen" | "nodes" | "secret_file" if section.name == "peers" => peers(&line),
            _ if section.name == "cloudwatch" && key.name != "chain" => {
                format!("{LEAST}[cloudwatch]\nchain = eos\n{line}\n")
            }
            _ if section.name == "telegram" => super::chat::telegram(&line),
            _ if section.name == "wecom" => super::chat::wecom(&line),
            _ if section.name == "global" => format!("{LEAST}{line}\n"),
            _ => format!("{LEAST}[{}]\n{line}\n", section.name),
        };
        let config = loaded(&text);
        assert_ne!(config, parsed(LEAST).unwrap(), "{line}");
    }
}

/// Sections that need keys of their own, some of them a file that must be there.
const CHANNELS: [&str; 6] = ["email", "webhook", "slack", "discord", "pagerduty", "script"];

/// All that a channel needs, with one line as given; a file must be there.
fn channel(section: &str, line: &str) -> String {
    let url = super::secret_file(0o600, "https://hooks.example/services/T0/B0/token");
    let secret = super::secret_file(0o600, &"s".repeat(32));
    let file = |key: &str, path: &std::path::Path| format!("{key} = {}", path.display());
    let mut lines = match section {
        "email" => vec![
            "smtp = mail.example".to_owned(),
            "from = a@example.org".to_owned(),
            "to = b@example.org".to_owned(),
            "user = eoskeeper".to_owned(),
            file("password_file", &secret),
        ],
        "webhook" => vec![file("url_file", &url), file("secret_file", &secret)],
        "slack" | "discord" => vec![file("url_file", &url)],
        "pagerduty" => vec![file("routing_key_file", &secret)],
        _ => vec!["path = ./notify.sh".to_owned()],
    };
    let key = line.split(" = ").next().unwrap();
    if key == "url" {
        lines.retain(|other| !other.starts_with("url_file"));
    }
    if !key.ends_with("_file") {
        lines.retain(|other| !other.starts_with(&format!("{key} =")));
    }
    if !key.ends_with("_file") || key == "ca_file" {
        lines.push(line.to_owned());
    }
    format!("{LEAST}[{section}]\n{}\n", lines.join("\n"))
}

/// All of `[peers]`, with one line as given; the secret's file must be there.
fn peers(line: &str) -> String {
    let secret = super::secret_file(0o600, &"s".repeat(32));
    let mut lines = vec![
        "listen = 127.0.0.1:9881".to_owned(),
        "nodes = other=http://10.0.0.9:9881".to_owned(),
        format!("secret_file = {}", secret.display()),
    ];
    let key = line.split(" = ").next().unwrap();
    if key != "secret_file" {
        lines.retain(|other| !other.starts_with(key));
        lines.push(line.to_owned());
    }
    format!("{LEAST}{ACTS}[peers]\n{}\n", lines.join("\n"))
}

/// All that a pool needs for one of its lines; the token's file must be there.
fn pool(line: &str) -> String {
    let token = super::secret_file(0o600, "0123456789abcdef");
    let line = match line.split(" = ").next().unwrap() {
        "token_file" => format!("token_file = {}", token.display()),
        "currency" => format!("account = a\n{line}"),
        _ => line.to_owned(),
    };
    format!("{LEAST}[pool]\nurl = https://api.f2pool.com/bitcoin\n{line}\n")
}

#[test]
fn every_threshold_is_a_key() {
    let rules = serde_json::to_value(Rules::default()).unwrap();
    let mut fields: Vec<&str> = rules.as_object().unwrap().keys().map(String::as_str).collect();
    let mut keyed: Vec<&str> =
        keys().filter(|(section, _)| section.name == "rules").map(|(_, key)| key.field).collect();
    fields.sort_unstable();
    keyed.sort_unstable();
    assert_eq!(keyed, fields);
}

#[test]
fn every_key_says_its_unit_and_is_told_apart() {
    let mut names = Vec::new();
    for (section, key) in keys() {
        if let Some(stem) = key.field.strip_suffix("_ms") {
            let unit = key.name.strip_prefix(stem);
            assert!(
                matches!(unit, Some("_seconds" | "_minutes" | "_hours" | "_ms")),
                "{}",
                key.name
            );
        } else {
            assert_eq!(key.field, key.name);
        }
        names.push((section.name, key.name));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
