//! What a key's value can be: how it reads, and what is allowed in words.

use std::net::SocketAddr;

use reqwest::Url;
use serde_json::Value;

use super::channels::SecretUrl;
use super::channels::email::{Server, read_mailbox};
use super::zone;
use crate::core::name::Name;
use crate::core::settings::is_node_name;
use crate::nodeos::keys;

mod lists;

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A role's letter.
    Role,
    /// An account name.
    Producer,
    /// Name of a node.
    NodeName,
    /// Names of nodes and base addresses of their keepers, separated by commas, each once.
    Peers {
        /// Most of them.
        max: usize,
    },
    /// A TCP port.
    Port,
    /// Base address of an HTTP service.
    Url,
    /// Address of an HTTP service with its path.
    Endpoint,
    /// Base addresses of HTTP services, separated by commas, each once.
    Urls {
        /// Most of them.
        max: usize,
    },
    /// Address of an HTTP service with its path, which may hold a secret.
    WebUrl,
    /// A host that takes mail, and perhaps its port.
    MailServer,
    /// A mail address, perhaps with a name.
    Mailbox,
    /// Mail addresses, separated by commas, each once.
    Mailboxes {
        /// Most of them.
        max: usize,
    },
    /// A container's name or id.
    Container,
    /// Address of a Docker engine.
    DockerHost,
    /// A path.
    Path,
    /// Paths, separated by commas, each once.
    Paths {
        /// Most of them.
        max: usize,
    },
    /// A hashrate, hashes a second, with K, M, G, T, P or E behind it.
    Hashrate,
    /// `api` or a script's path.
    Actuator,
    /// `api`, `key` or a script's path.
    Promoter,
    /// A public key of a block producer.
    PublicKey,
    /// The name of a systemd unit.
    SystemdUnit,
    /// Where a log is that is neither a file nor a container's: `journal:UNIT`.
    LogSource,
    /// A script's path.
    Script,
    /// Yes or no.
    Bool,
    /// A whole number.
    Count {
        /// Least.
        min: u64,
        /// Greatest.
        max: u64,
    },
    /// A time, of which up to three decimals are read.
    Time {
        /// What the number counts.
        unit: Unit,
        /// Least, milliseconds.
        min_ms: u64,
        /// Greatest, milliseconds.
        max_ms: u64,
    },
    /// An IP address and a port.
    Address,
    /// What a key of etcd begins with.
    KeyPrefix,
    /// A word without blanks.
    Word,
    /// Severities, separated by commas, each once.
    Levels,
    /// Whole minutes, up to 30 days, separated by commas.
    Minutes {
        /// Most of them.
        max: usize,
    },
    /// Windows of the week, separated by commas.
    Hours {
        /// Most of them.
        max: usize,
    },
    /// Times of the day, separated by commas, each once.
    DayTimes {
        /// Most of them.
        max: usize,
    },
    /// A time zone by its name.
    TimeZone,
    /// Amazon's names of resources, separated by commas, each once.
    Arns {
        /// Most of them.
        max: usize,
    },
    /// A chat of Telegram: its number, or a channel's `@name`.
    Chat,
    /// Whole numbers, separated by commas, each once; kept as texts.
    Numbers {
        /// Most of them.
        max: usize,
    },
    /// Ids of members of WeCom, separated by commas, each once.
    Members {
        /// Most of them.
        max: usize,
    },
    /// One of some words.
    Choice(&'static [&'static str]),
}

/// What the number of a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
        }
    }

    const fn ms(self) -> u64 {
        match self {
            Self::Seconds => 1_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
        }
    }

    /// Milliseconds as a number of this unit, without needless zeros.
    fn show(self, ms: u64) -> String {
        let thousandths = ms / (self.ms() / 1_000);
        let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The milliseconds of a number with up to three decimals.
    fn read(self, text: &str) -> Option<u64> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        // Nine digits of hours are less than 2^63 milliseconds.
        if !is_number(whole, 9) || !is_number(decimals, 3) {
            return None;
        }
        let thousandths: u64 = format!("{decimals:0<3}").parse().ok()?;
        Some(whole.parse::<u64>().ok()? * self.ms() + thousandths * (self.ms() / 1_000))
    }
}

/// Longest ARN an alarm takes, bytes.
const ARN_BYTES_MAX: usize = 1_024;
/// Longest part of a wrong value that a message repeats.
const SHOWN_CHARS_MAX: usize = 60;

impl Kind {
    /// What is allowed, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Role => {
                "A (active producer), B (first standby), C (second standby) or F (observer)"
                    .to_owned()
            }
            Self::Producer => "1 to 13 characters out of a-z, 1-5 and the dot".to_owned(),
            Self::NodeName => "1 to 32 characters out of a-z, 0-9, the dot and -".to_owned(),
            Self::Peers { max } => {
                format!("up to {max} of NAME=http://HOST:PORT, separated by commas")
            }
            Self::Port => "1 to 65535".to_owned(),
            Self::Url => "http://HOST:PORT or https://HOST:PORT, nothing after it".to_owned(),
            Self::Urls { max } => {
                format!("up to {max} of http://HOST:PORT or https://HOST:PORT, separated by commas")
            }
            Self::WebUrl => "https://HOST/PATH, or http://HOST/PATH".to_owned(),
            Self::MailServer => "HOST or HOST:PORT".to_owned(),
            Self::Mailbox => "NAME@HOST or WORDS <NAME@HOST>, the address in ASCII".to_owned(),
            Self::Mailboxes { max } => format!(
                "up to {max} of NAME@HOST or WORDS <NAME@HOST>, separated by commas, without \
                 commas in them"
            ),
            Self::Container => {
                "a name or id as docker ps shows it: letters, digits, dots, - and _".to_owned()
            }
            Self::DockerHost => "unix:///PATH, tcp://HOST:PORT or http://HOST:PORT".to_owned(),
            Self::Path => "a path, absolute or relative to this file".to_owned(),
            Self::Actuator => {
                "api, or a script's path, absolute or relative to this file (./NAME)".to_owned()
            }
            Self::Promoter => {
                "api, key, or a script's path, absolute or relative to this file (./NAME)"
                    .to_owned()
            }
            Self::Script => {
                "a script's path, absolute or relative to this file (./NAME)".to_owned()
            }
            Self::PublicKey => "a public key, EOS… or PUB_K1_…".to_owned(),
            Self::SystemdUnit => "a unit's name as systemctl shows it".to_owned(),
            Self::LogSource => "journal:UNIT, with a unit's name as systemctl shows it".to_owned(),
            Self::Bool => "true or false (also yes or no, on or off, 1 or 0)".to_owned(),
            Self::Count { min, max } => format!("{min} to {max}"),
            Self::Time { unit, min_ms, max_ms } => format!(
                "{} to {} {}, up to 3 decimals",
                unit.show(*min_ms),
                unit.show(*max_ms),
                unit.name()
            ),
            Self::Address => "an IP address and a port, for example 127.0.0.1:9880".to_owned(),
            Self::KeyPrefix => {
                "/NAME, of letters, digits, dots, -, _ and /, not at its end".to_owned()
            }
            Self::Word => "a word without blanks".to_owned(),
            Self::Endpoint => {
                "http://HOST/PATH or https://HOST/PATH, without a user or a question".to_owned()
            }
            Self::Paths { max } => format!(
                "up to {max} paths, absolute or relative to this file (./NAME), separated by commas"
            ),
            Self::Hashrate => {
                "hashes a second: a number with up to 3 decimals, and K, M, G, T, P, E or nothing \
                 behind it"
                    .to_owned()
            }
            Self::Minutes { max } => format!("up to {max} of 1 to 43200, separated by commas"),
            Self::DayTimes { max } => {
                format!("up to {max} of 00:00 to 23:59, separated by commas")
            }
            Self::Hours { max } => {
                format!("up to {max} of DAY HH:MM-HH:MM, DAY one of mon to sun or daily")
            }
            Self::TimeZone => "a name such as UTC, Europe/Berlin or Asia/Shanghai".to_owned(),
            Self::Levels => "page, warn and info, separated by commas".to_owned(),
            Self::Arns { max } => {
                format!(
                    "up to {max} of arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, separated by commas"
                )
            }
            Self::Chat => "the chat's number, or @NAME of a channel".to_owned(),
            Self::Numbers { max } => format!("up to {max} numbers, separated by commas"),
            Self::Members { max } => format!("up to {max} ids of members, separated by commas"),
            Self::Choice(words) => match words.split_last() {
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            },
        }
    }

    /// Reads a value into what the typed tree takes.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read(&self, text: &str) -> Result<Value, String> {
        if text.is_empty() {
            return Err("the value is missing".to_owned());
        }
        if text.contains(char::is_control) {
            return Err("the value holds a control character".to_owned());
        }
        match self {
            Self::Urls { max } => read_urls(text, *max),
            Self::Peers { max } => read_peers(text, *max),
            Self::Levels => read_levels(text),
            Self::Paths { max } => read_paths(text, *max),
            Self::Hashrate => read_hashrate(text)
                .map(Value::from)
                .ok_or_else(|| is_no(text, "hashrate above 0 and below 18 E")),
            Self::Minutes { max } => lists::read_minutes(text, *max),
            Self::Hours { max } => lists::read_hours(text, *max),
            Self::Mailboxes { max } => read_mailboxes(text, *max),
            // Not repeated: it may be a secret.
            Self::WebUrl => SecretUrl::new(text)
                .map(|_| Value::from(text))
                .map_err(|why| format!("the address {why}")),
            Self::DayTimes { max } => lists::read_day_times(text, *max),
            Self::Arns { max } => read_arns(text, *max),
            Self::Numbers { max } => read_list(text, *max, is_user_number, "number of a user"),
            Self::Members { max } => read_list(text, *max, is_member, "id of a member"),
            Self::Count { min, max } => read_count(text, *min, *max),
            Self::Port => read_count(text, 1, u64::from(u16::MAX)),
            Self::Time { unit, min_ms, max_ms } => read_time(text, *unit, *min_ms, *max_ms),
            Self::Bool => read_bool(text).map(Value::Bool).ok_or_else(|| is_no(text, "yes or no")),
            Self::Role => choose(text, &["A", "B", "C", "F"]).ok_or_else(|| is_no(text, "role")),
            Self::Choice(words) => choose(text, words).ok_or_else(|| is_no(text, "word for it")),
            _ => self.check_text(text).map(|()| Value::from(text)),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), String> {
        let (is_right, name) = match self {
            // The chain knows no name that ends with a dot: it would never be seen.
            Self::Producer if text.ends_with('.') => {
                return Err(format!("{} is no account name: it ends with a dot", quoted(text)));
            }
            Self::Producer => {
                return text
                    .parse::<Name>()
                    .map(drop)
                    .map_err(|error| format!("{} is no account name: {error}", quoted(text)));
            }
            Self::NodeName => (is_node_name(text), "name of a node"),
            Self::Url => (base_url(text).is_some(), "address of an HTTP service"),
            Self::Endpoint => (is_endpoint(text), "address of an HTTP service"),
            Self::MailServer => (Server::new(text).is_some(), "host that takes mail"),
            Self::Mailbox => (read_mailbox(text).is_some(), "mail address"),
            Self::DockerHost => (is_docker_host(text), "address of a Docker engine"),
            Self::Container => (is_container(text), "name of a container"),
            Self::Address => (text.parse::<SocketAddr>().is_ok(), "address with a port"),
            Self::Actuator => (is_api(text) || is_script(text), "way to act"),
            Self::Promoter => (is_api(text) || is_key(text) || is_script(text), "way to act"),
            // Not repeated: it may be the private one.
            Self::PublicKey => return keys::normal(text).map(drop).map_err(|e| e.to_string()),
            Self::SystemdUnit => (is_unit(text), "name of a systemd unit"),
            Self::LogSource => (journal_unit(text).is_some(), "source of a log"),
            Self::Script => (is_script(text), "path of a script"),
            Self::KeyPrefix => (is_key_prefix(text), "beginning of a key"),
            Self::Word => (!text.contains(char::is_whitespace), "word"),
            Self::TimeZone => (zone::is_known(text), "time zone that is known"),
            Self::Chat => (is_chat(text), "chat"),
            _ => (true, "value"),
        };
        // What stands before an @ may be a password; messages end up in logs.
        let is_address = matches!(self, Self::Url | Self::Endpoint | Self::DockerHost);
        if !is_right && is_address && text.contains('@') {
            return Err("the address holds an @, as with a user's name and password".to_owned());
        }
        if is_right { Ok(()) } else { Err(is_no(text, name)) }
    }

    /// How a value of the typed tree is written in the file.
    pub(super) fn show(&self, value: &Value) -> String {
        match (self, value) {
            (Self::Time { unit, .. }, Value::Number(ms)) => unit.show(ms.as_u64().unwrap_or(0)),
            (_, Value::String(text)) => text.clone(),
            (Self::Minutes { .. }, Value::Array(minutes)) => {
                let minutes: Vec<String> = minutes.iter().map(ToString::to_string).collect();
                minutes.join(", ")
            }
            (Self::DayTimes { .. }, Value::Array(minutes)) => lists::show_day_times(minutes),
            (_, Value::Array(urls)) => {
                let urls: Vec<&str> = urls.iter().filter_map(Value::as_str).collect();
                urls.join(", ")
            }
            (_, other) => other.to_string(),
        }
    }
}

/// The address of an HTTP service: scheme, host and port, and nothing that would be lost or leak.
pub(super) fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_http && is_bare).then_some(url)
}

/// The same with a path.
fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|mut url| {
        url.set_path("");
        base_url(url.as_str()).is_some()
    })
}

/// Whether an act is ordered from nodeos's own producer API.
pub(super) fn is_api(text: &str) -> bool {
    text.eq_ignore_ascii_case("api")
}

/// Whether a promotion is by the producer's key on the chain.
pub(super) fn is_key(text: &str) -> bool {
    text.eq_ignore_ascii_case("key")
}

/// The unit of `journal:UNIT`.
pub(super) fn journal_unit(text: &str) -> Option<&str> {
    text.strip_prefix("journal:").filter(|unit| is_unit(unit))
}

/// What systemd allows in names (`systemd.unit(5)`); an option of systemctl's is none.
fn is_unit(text: &str) -> bool {
    !text.starts_with('-')
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\@".contains(&b))
}

/// A word without a slash or a dot is a slip (`yes`, `apii`) rather than a script.
fn is_script(text: &str) -> bool {
    text.contains(['/', '.']) && !text.ends_with('/')
}

fn is_docker_host(text: &str) -> bool {
    if let Some(path) = text.strip_prefix("unix://") {
        return path.starts_with('/') && path.len() > 1;
    }
    let Some(rest) = text.strip_prefix("tcp://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    base_url(&format!("http://{rest}")).is_some()
}

/// Docker's own rule for names (`daemon/names`); an id is hexadecimal and passes as well.
fn is_container(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// What etcd and a shell take without quotes.
fn is_key_prefix(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/');
    text.len() > 1
        && text.starts_with('/')
        && !text.ends_with('/')
        && !text.contains("//")
        && text.bytes().all(is_plain)
}

fn read_levels(text: &str) -> Result<Value, String> {
    let mut levels: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let level = choose(part, &["page", "warn", "info"]).ok_or_else(|| is_no(part, "level"))?;
        if levels.contains(&level) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        levels.push(level);
    }
    Ok(Value::Array(levels))
}

fn read_paths(text: &str, max: usize) -> Result<Value, String> {
    let mut paths: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        if part.is_empty() {
            return Err(is_no(part, "path"));
        }
        let path = Value::from(part);
        if paths.contains(&path) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        paths.push(path);
    }
    if paths.len() > max {
        return Err(format!("{} paths", paths.len()));
    }
    Ok(Value::Array(paths))
}

/// `1.5P` is 1,500,000,000,000,000; the letters are those of the SI.
fn read_hashrate(text: &str) -> Option<u64> {
    let letters = ["K", "M", "G", "T", "P", "E"];
    let upper = text.to_ascii_uppercase();
    let found = letters.iter().enumerate().find_map(|(at, l)| Some((at, upper.strip_suffix(*l)?)));
    let (thousands, number) = found.map_or((0, upper.as_str()), |(at, number)| (at + 1, number));
    let (whole, decimals) = number.trim_end().split_once('.').unwrap_or((number.trim_end(), "0"));
    let is_number = |digits: &str, most: usize| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_number(whole, 18) || !is_number(decimals, 3) {
        return None;
    }
    let thousandths: u128 = format!("{whole}{decimals:0<3}").parse().ok()?;
    let hashes = thousandths * 1_000_u128.pow(thousands as u32) / 1_000;
    u64::try_from(hashes).ok().filter(|hashes| *hashes > 0)
}

fn read_mailboxes(text: &str, max: usize) -> Result<Value, String> {
    let mut addresses: Vec<String> = Vec::new();
    let mut found: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let mailbox = read_mailbox(part).ok_or_else(|| is_no(part, "mail address"))?;
        let address = mailbox.email.to_string().to_ascii_lowercase();
        if addresses.contains(&address) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        addresses.push(address);
        found.push(part.into());
    }
    if found.len() > max {
        return Err(format!("{} addresses", found.len()));
    }
    Ok(Value::Array(found))
}

fn read_arns(text: &str, max: usize) -> Result<Value, String> {
    let mut arns: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let parts: Vec<&str> = part.splitn(6, ':').collect();
        let is_arn = parts.len() == 6
            && parts[0] == "arn"
            && ![parts[1], parts[2], parts[5]].contains(&"")
            && part.len() <= ARN_BYTES_MAX
            && part.bytes().all(|b| b.is_ascii_graphic());
        if !is_arn {
            return Err(is_no(part, "ARN"));
        }
        if arns.iter().any(|other| other == part) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        arns.push(part.into());
    }
    if arns.len() > max {
        return Err(format!("{} ARNs", arns.len()));
    }
    Ok(Value::Array(arns))
}

fn read_list(
    text: &str,
    max: usize,
    is_right: fn(&str) -> bool,
    name: &str,
) -> Result<Value, String> {
    let mut parts: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        if !is_right(part) {
            return Err(is_no(part, name));
        }
        if parts.iter().any(|other| other == part) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        parts.push(part.into());
    }
    if parts.len() > max {
        return Err(format!("{} of them", parts.len()));
    }
    Ok(Value::Array(parts))
}

/// What Telegram says of a user's number: positive, less than 2^52.
fn is_user_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
        && text.parse().is_ok_and(|number: u64| (1..1 << 52).contains(&number))
}

/// A number, negative for groups and channels, or a public name: 5 to 32 of letters, digits and _.
fn is_chat(text: &str) -> bool {
    if let Some(name) = text.strip_prefix('@') {
        let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        return (4..=32).contains(&name.len()) && name.bytes().all(is_of_name);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|number: i64| number != 0)
}

/// WeCom's rule for a member's id: 1 to 64 bytes of letters, digits, `_`, `-`, `@` and the dot.
fn is_member(text: &str) -> bool {
    let is_of_id = |b: u8| b.is_ascii_alphanumeric() || b"_-@.".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(is_of_id)
}

fn read_urls(text: &str, max: usize) -> Result<Value, String> {
    let mut urls: Vec<Value> = Vec::new();
    for part in text.split(',').map(str::trim) {
        Kind::Url.check_text(part)?;
        // As the parser writes it, so that one address in two spellings is seen.
        let url = base_url(part).map_or_else(String::new, |url| url.to_string());
        if urls.iter().any(|other| *other == url) {
            return Err(format!("{} is there twice", quoted(part)));
        }
        urls.push(url.into());
    }
    if urls.len() > max {
        return Err(format!("{} addresses", urls.len()));
    }
    Ok(Value::Array(urls))
}

fn read_peers(text: &str, max: usize) -> Result<Value, String> {
    let mut peers: Vec<(String, String)> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, url) = part.split_once('=').ok_or_else(|| is_no(part, "NAME=ADDRESS"))?;
        let (name, url) = (name.trim(), url.trim());
        Kind::NodeName.check_text(name)?;
        Kind::Url.check_text(url)?;
        let url = base_url(url).map_or_else(String::new, |url| url.to_string());
        if let Some(twice) = [name, &url]
            .into_iter()
            .find(|text| peers.iter().any(|(name, url)| name == text || url == text))
        {
            return Err(format!("{} is there twice", quoted(twice)));
        }
        peers.push((name.to_owned(), url));
    }
    if peers.len() > max {
        return Err(format!("{} peers", peers.len()));
    }
    Ok(peers.into_iter().map(|(name, url)| format!("{name}={url}")).collect())
}

fn read_count(text: &str, min: u64, max: u64) -> Result<Value, String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(count) if is_number && (min..=max).contains(&count) => Ok(count.into()),
        _ if is_number => Err(format!("{} is out of range", quoted(text))),
        _ => Err(is_no(text, "whole number")),
    }
}

fn read_time(text: &str, unit: Unit, min_ms: u64, max_ms: u64) -> Result<Value, String> {
    match unit.read(text) {
        Some(ms) if (min_ms..=max_ms).contains(&ms) => Ok(ms.into()),
        Some(_) => Err(format!("{} is out of range", quoted(text))),
        None => Err(is_no(text, &format!("number of {}", unit.name()))),
    }
}

fn read_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The word that is meant, in the case it is known by.
fn choose(text: &str, words: &[&str]) -> Option<Value> {
    words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::from(*word))
}

fn is_no(text: &str, name: &str) -> String {
    format!("{} is no {name}", quoted(text))
}

fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("'{shown}{rest}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_exactly_and_shows_them_as_written() {
        for (unit, text, ms) in [
            (Unit::Seconds, "10", 10_000),
            (Unit::Seconds, "0.2", 200),
            (Unit::Seconds, "1.005", 1_005),
            (Unit::Minutes, "10", 600_000),
            (Unit::Hours, "24", 86_400_000),
            (Unit::Hours, "0.5", 1_800_000),
            (Unit::Seconds, "0", 0),
        ] {
            assert_eq!(unit.read(text), Some(ms), "{text}");
            assert_eq!(unit.show(ms), text);
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "10s", "1.0005", "9999999999", "١"] {
            assert_eq!(Unit::Seconds.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_paths_and_hashrates() {
        let kind = Kind::Paths { max: 2 };
        let read = kind.read("/data , ./state");
        assert_eq!(read.map(|paths| kind.show(&paths)), Ok("/data, ./state".to_owned()));
        for (bad, why) in
            [("/a,", "'' is no path"), ("/a,/a", "'/a' is there twice"), ("/a,/b,/c", "3 paths")]
        {
            assert_eq!(kind.read(bad), Err(why.to_owned()), "{bad}");
        }
        for (text, hashes) in [
            ("5", 5),
            ("1.5 k", 1_500),
            ("500T", 500_000_000_000_000),
            ("1.25P", 1_250_000_000_000_000),
            ("18E", 18_000_000_000_000_000_000),
        ] {
            assert_eq!(read_hashrate(text), Some(hashes), "{text}");
        }
        for bad in ["", "0", "T", "-1", "1e3", "19E", "1.0005T", "5 TH", "1.", "0.0001"] {
            assert_eq!(read_hashrate(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_booleans_in_every_usual_spelling() {
        for (words, value) in
            [(["true", "Yes", "ON", "1"], Some(true)), (["False", "no", "off", "0"], Some(false))]
        {
            for word in words {
                assert_eq!(read_bool(word), value, "{word}");
            }
        }
        for word in ["", "y", "2", "tru"] {
            assert_eq!(read_bool(word), None, "{word}");
        }
    }

    #[test]
    fn takes_no_name_that_the_chain_could_not_have() {
        for (bad, why) in [
            ("eosstorebest.", "it ends with a dot"),
            ("Eosstorebest", "an account name has only the characters a-z, 1-5 and '.'"),
        ] {
            let error = format!("'{bad}' is no account name: {why}");
            assert_eq!(Kind::Producer.read(bad), Err(error));
        }
        assert!(Kind::Producer.read("eos.store").is_ok());
    }

    #[test]
    fn takes_only_bare_addresses() {
        for good in ["http://127.0.0.1:8888", "https://node.example/", "http://[::1]:8888"] {
            assert!(base_url(good).is_some(), "{good}");
        }
        for bad in [
            "127.0.0.1:8888",
            "ftp://host",
            "http://",
            "http://u:p@host",
            "http://host/v1",
            "http://host?x",
        ] {
            assert!(base_url(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn reads_addresses_separated_by_commas() {
        let kind = Kind::Urls { max: 2 };
        let read = kind.read("http://a:1 ,https://b");
        assert_eq!(read.map(|urls| kind.show(&urls)), Ok("http://a:1/, https://b/".to_owned()));
        for (bad, why) in [
            ("http://a,", "'' is no address of an HTTP service"),
            ("http://a, http://a/", "'http://a/' is there twice"),
            ("http://a,http://b,http://c", "3 addresses"),
            ("http://u:p@a", "the address holds an @, as with a user's name and password"),
        ] {
            assert_eq!(kind.read(bad), Err(why.to_owned()), "{bad}");
        }
    }

    #[test]
    fn reads_peers_by_name() {
        let kind = Kind::Peers { max: 2 };
        let read = kind.read("b = http://10.0.0.2:9881 ,c-2=https://c.example");
        let shown = "b=http://10.0.0.2:9881/, c-2=https://c.example/";
        assert_eq!(read.map(|peers| kind.show(&peers)), Ok(shown.to_owned()));
        for (bad, why) in [
            ("http://a", "'http://a' is no NAME=ADDRESS"),
            ("B=http://a", "'B' is no name of a node"),
            ("b=a:1", "'a:1' is no address of an HTTP service"),
            ("b=http://a, b=http://c", "'b' is there twice"),
            ("b=http://a, c=http://a/", "'http://a/' is there twice"),
            ("b=http://a,", "'' is no NAME=ADDRESS"),
            ("b=http://a,c=http://c,d=http://d", "3 peers"),
            ("b=http://u:p@a", "the address holds an @, as with a user's name and password"),
        ] {
            assert_eq!(kind.read(bad), Err(why.to_owned()), "{bad}");
        }
    }

    #[test]
    fn reads_arns_separated_by_commas() {
        let kind = Kind::Arns { max: 2 };
        let read = kind.read("arn:aws:sns:eu-central-1:123456789012:page ,arn:aws-cn:sns:x:1:a:b");
        let shown = "arn:aws:sns:eu-central-1:123456789012:page, arn:aws-cn:sns:x:1:a:b";
        assert_eq!(read.map(|arns| kind.show(&arns)), Ok(shown.to_owned()));
        for (bad, why) in [
            ("page", "'page' is no ARN"),
            (
                "arn:aws:sns:eu-central-1:123456789012:",
                "'arn:aws:sns:eu-central-1:123456789012:' is no ARN",
            ),
            ("arn:aws:sns:x:1:a b", "'arn:aws:sns:x:1:a b' is no ARN"),
            ("arn:a:b:c:d:e,", "'' is no ARN"),
            ("arn:a:b:c:d:e, arn:a:b:c:d:e", "'arn:a:b:c:d:e' is there twice"),
            ("arn:a:b:c:d:e,arn:a:b:c:d:f,arn:a:b:c:d:g", "3 ARNs"),
        ] {
            assert_eq!(kind.read(bad), Err(why.to_owned()), "{bad}");
        }
    }

    #[test]
    fn knows_chats_people_and_members() {
        for (kind, good, bad) in [
            (
                Kind::Chat,
                &["12345", "-1001234567890", "@eos_alarms"][..],
                &["0", "-", "@a", "eos_alarms", "@eos alarms", "+1", "1.5"][..],
            ),
            (
                Kind::Numbers { max: 2 },
                &["1", "12345, 67890"],
                &["0", "1,1", "-5", "1,2,3", "@ann", "9007199254740993", "1,"],
            ),
            (
                Kind::Members { max: 2 },
                &["ann", "Li.Lei, han@corp"],
                &["<ann>", "a,a", "a,b,c", "@all me", "李雷"],
            ),
        ] {
            for text in good {
                assert_eq!(kind.read(text).map(|value| kind.show(&value)), Ok((*text).to_owned()));
            }
            for text in bad {
                assert!(kind.read(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn tells_a_script_from_a_slip() {
        for good in ["/opt/promote.sh", "./promote", "promote.sh", "scripts/promote"] {
            assert!(is_script(good), "{good}");
        }
        for bad in ["yes", "apii", "scripts/"] {
            assert!(!is_script(bad), "{bad}");
        }
    }
}
