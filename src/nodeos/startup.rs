//! What nodeos's command line and config.ini say of its start.
//!
//! Sources: `producer_plugin.cpp` (`pause-on-startup,x`, a switch) and appbase's `application.cpp`
//! (`config-dir`, `config,c`), the same from EOSIO 1.1 to Spring 2.0-dev.

use std::path::{Path, PathBuf};

/// Where the configuration is without `--config-dir`, below the home directory.
const DEFAULT_DIRECTORY: &str = ".local/share/eosio/nodeos/config";
/// Its name without `--config`.
const DEFAULT_FILE: &str = "config.ini";

/// What the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Startup {
    /// Whether it has the switch.
    pub is_paused: bool,
    directory: Option<PathBuf>,
    file: Option<PathBuf>,
}

impl Startup {
    /// Reads the arguments.
    #[must_use]
    pub fn of(arguments: &[String]) -> Self {
        let mut found = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            match name {
                "-x" | "--pause-on-startup" => found.is_paused = true,
                "--config-dir" => {
                    found.directory = value.or_else(|| rest.next().cloned()).map(Into::into);
                }
                "-c" | "--config" => {
                    found.file = value.or_else(|| rest.next().cloned()).map(Into::into);
                }
                _ => {}
            }
        }
        found
    }

    /// The configuration file, perhaps relative to where nodeos was started; `None` where it is
    /// below an unknown home.
    #[must_use]
    pub fn config_file(&self, home: Option<&Path>) -> Option<PathBuf> {
        let file = self.file.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        if file.is_absolute() {
            return Some(file);
        }
        let default = || home.map(|home| home.join(DEFAULT_DIRECTORY));
        Some(self.directory.clone().or_else(default)?.join(file))
    }
}

/// Whether a config.ini pauses the start.
#[must_use]
pub fn is_paused_by(config: &str) -> bool {
    let mut value = config.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let (name, value) = line.split_once('=')?;
        (name.trim() == "pause-on-startup").then(|| value.trim().to_ascii_lowercase())
    });
    value.next_back().is_some_and(|value| ["true", "1", "yes", "on"].contains(&value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_switch_and_where_the_configuration_is() {
        let home = Some(Path::new("/home/eos"));
        for (line, is_paused, file) in [
            ("nodeos", false, "/home/eos/.local/share/eosio/nodeos/config/config.ini"),
            ("nodeos -x", true, "/home/eos/.local/share/eosio/nodeos/config/config.ini"),
            ("nodeos --pause-on-startup -c n.ini --config-dir /etc/n", true, "/etc/n/n.ini"),
            ("nodeos --config-dir=conf -x", true, "conf/config.ini"),
            ("nodeos --config /etc/n.ini --config-dir /x", false, "/etc/n.ini"),
            ("nodeos --config-dir", false, "/home/eos/.local/share/eosio/nodeos/config/config.ini"),
        ] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let startup = Startup::of(&arguments);
            assert_eq!(startup.is_paused, is_paused, "{line}");
            assert_eq!(startup.config_file(home), Some(PathBuf::from(file)), "{line}");
        }
        assert_eq!(Startup::default().config_file(None), None);
    }

    #[test]
    fn reads_the_switch_of_a_configuration() {
        for (text, expected) in [
            ("pause-on-startup = true\n", true),
            ("pause-on-startup=1", true),
            ("# pause-on-startup = true\n", false),
            ("pause-on-startup = false # = true\n", false),
            ("producer-name = x\npause-on-startup = yes # wait\n", true),
            ("", false),
        ] {
            assert_eq!(is_paused_by(text), expected, "{text}");
        }
    }
}
