//! The containers of Docker that run nodeos.

use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream;

use super::output::Output;
use super::{NODES_MAX, Node, Place, base, port, processes};
use crate::nodeos::options::Options;
use crate::sources::docker::engine::{Engine, Setup, Trouble};
use crate::sources::process::name::{is_nodeos, short};

/// Most containers that are looked into.
const CONTAINERS_MAX: usize = 200;
/// Looked into at once.
const AT_ONCE: usize = 8;
/// How far up a process's parents are followed.
const PARENTS_MAX: usize = 16;

/// Every running container in which a nodeos runs, and how many containers run. `seen` are the nodeos
/// processes of this host.
pub(super) async fn search(
    host: Option<&str>,
    seen: &[Node],
) -> Result<(Vec<Node>, usize), String> {
    let sentence = |trouble: Trouble| {
        // Only what went wrong: there is nothing to mend on a host without Docker.
        let text = trouble.to_string();
        text.split_once("; ").map_or(text.as_str(), |(what, _)| what).to_owned()
    };
    let engine = Engine::connect(host).await.map_err(sentence)?;
    let mut ids = engine.running().await.map_err(sentence)?;
    let total = ids.len();
    ids.truncate(CONTAINERS_MAX);
    let looks = ids.iter().map(|id| look(&engine, id, seen));
    let found: Vec<Option<Node>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    Ok((found.into_iter().flatten().take(NODES_MAX).collect(), total))
}

async fn look(engine: &Engine, id: &str, seen: &[Node]) -> Option<Node> {
    // One that has ended meanwhile is none.
    let setup = engine.setup(id).await.ok()?;
    if let Some(node) = seen.iter().find(|node| is_inside(node, &setup)) {
        let pid = node.place.pid();
        let place = Place::Container { name: setup.name.clone(), id: setup.id.clone(), pid };
        let rpc = rpc(&node.options, &setup);
        return Some(Node { place, output: Output::Docker, rpc, unit: None, ..node.clone() });
    }
    // Another host's, or its processes are hidden from this one.
    let commands = engine.commands(id).await.unwrap_or_default();
    let split = |line: &String| -> Vec<String> {
        line.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let started = [&[setup.program.clone()][..], &setup.arguments].concat();
    let mut all = commands.iter().map(split).chain([started]);
    let arguments = all.find(|arguments| is_nodeos(arguments))?;
    let options = Options::of(&arguments, "");
    let unread = vec![format!(
        "the config.ini in container {}: its process is not one this host shows",
        setup.name
    )];
    Some(Node {
        place: Place::Container { name: setup.name.clone(), id: setup.id.clone(), pid: None },
        program: short(&arguments).to_owned(),
        uid: None,
        unit: None,
        config: None,
        config_here: None,
        data: None,
        rpc: rpc(&options, &setup),
        options,
        output: Output::Docker,
        unread,
    })
}

/// Whether a process is in the container: by its control group, or by its parents.
fn is_inside(node: &Node, setup: &Setup) -> bool {
    let proc = Path::new("/proc");
    let Some(pid) = node.place.pid() else { return false };
    if processes::container(proc, pid).is_some_and(|id| id == setup.id) {
        return true;
    }
    let above = std::iter::successors(Some(pid), |pid| processes::parent(proc, *pid));
    setup.pid.is_some_and(|first| above.take(PARENTS_MAX).any(|pid| pid == first))
}

/// Where the RPC of a nodeos in a container is reached: where a port is published, else on the host's
/// own network, else at the container's address.
fn rpc(options: &Options, setup: &Setup) -> Vec<String> {
    let mut found = Vec::new();
    for address in options.rpc() {
        let Some(port) = port(address) else { continue };
        let published = setup.published.iter().filter(|(inner, _)| *inner == port);
        found.extend(published.filter_map(|(_, outer)| base(outer)));
        if setup.is_on_host_network {
            found.extend(base(address));
        } else {
            found.extend(setup.addresses.iter().map(|ip| format!("http://{ip}:{port}")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rpc_of_a_container_is_where_it_is_published() {
        let options = Options::of(&["nodeos".to_owned()], "http-server-address = 0.0.0.0:8888\n");
        let setup = |published: &[(u16, &str)], is_on_host_network| Setup {
            published: published.iter().map(|(port, at)| (*port, (*at).to_owned())).collect(),
            is_on_host_network,
            addresses: vec!["172.17.0.2".to_owned()],
            ..Setup::default()
        };
        for (case, setup, expected) in [
            (
                "published",
                setup(&[(9876, "0.0.0.0:9876"), (8888, "0.0.0.0:18888")], false),
                &["http://127.0.0.1:18888", "http://172.17.0.2:8888"][..],
            ),
            ("inside alone", setup(&[], false), &["http://172.17.0.2:8888"]),
            ("host", setup(&[], true), &["http://127.0.0.1:8888"]),
        ] {
            assert_eq!(rpc(&options, &setup), expected, "{case}");
        }
    }
}
