//! `[global]`: this host, its node and its log. The first six keys are the original tool's.

use super::super::kind::Kind;
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "global",
    help: "What this host is for, and where its nodeos is.",
    keys: &[
        key(
            "role",
            Kind::Role,
            required("B", "must be given"),
            "What this host is for. B and C may promote themselves, A and F never do.",
        ),
        key(
            "producer_name",
            Kind::Producer,
            required("eosstorebest", "must be given"),
            "The account whose turns are watched.",
        ),
        key(
            "node_name",
            Kind::NodeName,
            nothing("tokyo-1", "the role's letter in small: a, b, c or f"),
            "Name of this node among those of the producer; each has its own.",
        ),
        key(
            "http_port",
            Kind::Port,
            required("8888", "must be given, or http_url"),
            "Port of nodeos's HTTP API on this host; short for http_url = http://127.0.0.1:PORT.",
        ),
        key(
            "http_url",
            Kind::Url,
            nothing("http://10.0.0.5:8888", "none; http_port says it"),
            "Where nodeos's HTTP API is, when it is not on this host's loopback address.",
        ),
        key(
            "is_docker",
            Kind::Bool,
            DefaultValue::Text("false"),
            "Whether nodeos runs in a container and its log is read from Docker. log_file is not \
             used then.",
        ),
        key(
            "log_file",
            Kind::Path,
            required(
                "/var/log/nodeos/nodeos.log",
                "must be given unless is_docker is true or log_source is given",
            ),
            "The file nodeos's log is written to. Rotation is followed; the file may be absent at \
             start.",
        ),
        key(
            "log_source",
            Kind::LogSource,
            nothing("journal:nodeos.service", "none; log_file or is_docker says it"),
            "Where nodeos's log is when systemd runs it: the journal of its unit. log_file is not \
             used then.",
        ),
        key(
            "c_name",
            Kind::Container,
            nothing("nodeos", "none; must be given when is_docker is true"),
            "Name or id of the container nodeos runs in. Not used unless is_docker is true.",
        ),
        key(
            "docker_host",
            Kind::DockerHost,
            nothing("unix:///var/run/docker.sock", "none; the engine of this host"),
            "The Docker engine to ask. Not used unless is_docker is true.",
        ),
        key(
            "watch_process",
            Kind::Bool,
            DefaultValue::Text("true"),
            "Whether the end of nodeos's process or container is watched for, so that it is seen \
             at once and not at the next poll.",
        ),
        key(
            "unit",
            Kind::SystemdUnit,
            nothing("nodeos.service", "none; the process that listens on http_url's port"),
            "The systemd unit nodeos runs in: its main process is watched, which needs no rights. \
             Not used when is_docker is true.",
        ),
    ],
};

const fn key(name: &'static str, kind: Kind, default: DefaultValue, help: &'static str) -> Key {
    Key { name, field: name, kind, default, help }
}

const fn required(example: &'static str, note: &'static str) -> DefaultValue {
    DefaultValue::Required { example, note }
}

const fn nothing(example: &'static str, note: &'static str) -> DefaultValue {
    DefaultValue::Nothing { example, note }
}
