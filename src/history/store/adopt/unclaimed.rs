//! Why a state is given to nobody; each reason names its next step.

use std::path::PathBuf;

use super::NODES;
use crate::core::name::Name;
use crate::history::store::StoreError;

/// Why a state is given to nobody. Whoever gets one must not promote.
#[derive(Debug, thiserror::Error)]
pub enum Unclaimed {
    /// No node has this producer, or several have, or one that has a state already; or there are
    /// several states of it.
    #[error("{}; then restart the keeper", whose(paths, *producer, names, owners))]
    Whose {
        /// The files; at least one.
        paths: Vec<PathBuf>,
        /// Whom they are about.
        producer: Name,
        /// The nodes of that producer without a state.
        names: Vec<String>,
        /// The nodes of that producer that have one.
        owners: Vec<String>,
    },
    /// The states there are those of several nodes, and this configuration is about one.
    #[error(
        "{} has states of several nodes, and this configuration has no [node:NAME]; move the \
         state.sqlite of this node into {}, or that directory away", .nodes.display(), .dir.display()
    )]
    OfSeveral {
        /// Where they are.
        nodes: PathBuf,
        /// Where that of one node would be.
        dir: PathBuf,
    },
    /// It cannot be read or moved.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn whose(paths: &[PathBuf], producer: Name, names: &[String], owners: &[String]) -> String {
    let files: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let what = match paths {
        [_] => format!("{} is a state of producer {producer} without a node", files.join(" ")),
        _ => format!("{} are states of producer {producer} without a node", files.join(" and ")),
    };
    let of_its_node = format!("{NODES}/NAME of the node it belongs to, or away");
    match (paths, names) {
        (_, []) if owners.is_empty() => format!(
            "{what}, and no node of the configuration has that producer; move it to {of_its_node}"
        ),
        (_, []) => format!(
            "{what}, and each node of that producer has a state already: {}; find out which was \
             written last, and move the older one away: {} itself, or the state.sqlite in \
             {NODES}/NAME, in whose place this one comes",
            owners.join(", "),
            files.join(" and ")
        ),
        ([_], [name]) => {
            format!("{what}, and may be that of {name}; move it to {NODES}/{name}, or away")
        }
        (_, [name]) => format!(
            "{what}, and only one of them can be that of {name}; move that to {NODES}/{name} and \
             the others away"
        ),
        _ => format!(
            "{what}, and several nodes have that producer: {}; move each to {of_its_node}",
            names.join(", ")
        ),
    }
}
