//! Where the node answers and where its log is.

use reqwest::Url;

use super::super::kind::{base_url, journal_unit};
use super::super::tree::Global;
use super::super::{LogSource, Watch};
use super::Resolver;

/// This host, by the names it has everywhere.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Resolver<'_> {
    pub(super) fn http_url(&mut self, global: &Global) -> Option<Url> {
        let port_url =
            global.http_port.and_then(|port| base_url(&format!("http://127.0.0.1:{port}")));
        if let (Some(port), Some(url)) = (global.http_port, &global.http_url)
            && !is_local_port(url, port)
        {
            self.problem(
                "global",
                "http_url",
                &format!("{url} is not where http_port says ({port} on this host)"),
                "give one of the two",
            );
        }
        if self.given.has_section("global")
            && !self.given.is_given("global", "http_port")
            && !self.given.is_given("global", "http_url")
        {
            self.problem(
                "global",
                "http_port",
                "the key is missing",
                "give the port of nodeos's HTTP API, or its address as http_url",
            );
        }
        global.http_url.clone().or(port_url)
    }

    pub(super) fn log_source(&mut self, global: &Global) -> Option<LogSource> {
        if self.given.is_wrong("global", "is_docker") || !self.given.has_section("global") {
            return None;
        }
        if self.given.is_given("global", "log_source") {
            return self.journal(global);
        }
        if global.is_docker { self.docker(global) } else { self.file(global) }
    }

    /// What is watched to see the end of nodeos.
    pub(super) fn watch(&mut self, global: &Global) -> Option<Watch> {
        let is_on = global.watch_process.unwrap_or(true);
        let why_not = match (&global.unit, global.is_docker, is_on) {
            (Some(_), true, _) => "is_docker is true",
            (Some(_), _, false) => "watch_process is false",
            _ => "",
        };
        if !why_not.is_empty() {
            self.notes.push(format!("unit is not used: {why_not}"));
        }
        let watch = match &global.unit {
            _ if global.is_docker => Watch::Container,
            Some(unit) => Watch::Unit(unit.clone()),
            None => Watch::Port,
        };
        is_on.then_some(watch)
    }

    fn journal(&mut self, global: &Global) -> Option<LogSource> {
        if global.is_docker {
            let what = "is_docker is true, and the log is either Docker's or the journal's";
            self.problem("global", "log_source", what, "give one of the two");
        }
        for key in ["log_file", "c_name", "docker_host"] {
            if self.given.is_given("global", key) {
                self.notes.push(format!("{key} is not used: log_source names the journal"));
            }
        }
        let unit = journal_unit(global.log_source.as_deref()?)?;
        // As systemctl takes it.
        let kind = if unit.contains('.') { "" } else { ".service" };
        let unit = format!("{unit}{kind}");
        Some(LogSource::Journal { unit })
    }

    fn docker(&mut self, global: &Global) -> Option<LogSource> {
        if global.log_file.is_some() {
            self.notes.push(
                "log_file is not used: is_docker is true and the log is read from Docker"
                    .to_owned(),
            );
        }
        if !self.given.is_given("global", "c_name") {
            let allowed = "give the name of nodeos's container, or is_docker = false and log_file";
            self.problem("global", "c_name", "the key is missing and is_docker is true", allowed);
        }
        let container = global.c_name.clone()?;
        Some(LogSource::Docker { container, host: global.docker_host.clone() })
    }

    fn file(&mut self, global: &Global) -> Option<LogSource> {
        for key in ["c_name", "docker_host"] {
            if self.given.is_given("global", key) {
                self.notes.push(format!("{key} is not used: is_docker is false"));
            }
        }
        if !self.given.is_given("global", "log_file") {
            let allowed =
                "give the file of nodeos's log, is_docker = true and c_name, or log_source";
            self.problem("global", "log_file", "the key is missing", allowed);
        }
        Some(LogSource::File(self.path(global.log_file.as_deref()?)))
    }
}

fn is_local_port(url: &Url, port: u16) -> bool {
    url.scheme() == "http"
        && url.port_or_known_default() == Some(port)
        && url.host_str().is_some_and(|host| LOOPBACK.contains(&host))
}
