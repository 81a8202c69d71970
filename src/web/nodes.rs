//! Several nodes of one file: what is common, and the way to each.
//!
//! Everything that is about one node is at `/node/NAME/`, the whole of what a keeper of one node
//! answers: its page, `/node/NAME/api/status`, `/node/NAME/metrics`. The addresses of `OF_ONE` take
//! `?node=NAME` as well. `/` is an overview, `/healthz`, `/readyz` and `/metrics` are about all.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router, routing};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde::Serialize;

use super::answer::{API_VERSION, Refusal};
use super::facts::Facts;
use super::guard::MayKnow;
use super::health::{self, Check};
use super::{api, metrics, openapi, page};
use crate::core::decision::DecisionKind;
use crate::core::name::Name;
use crate::core::settings::Role;

/// Addresses that are about one node, and take its name as `node`.
pub(super) const OF_ONE: [&str; 5] =
    ["/api/status", "/api/history", "/api/incidents", "/api/ledger", "/api/samples"];
/// Where the nodes are.
const NODE: &str = "/node/";

/// A node of several.
#[derive(Clone, Debug)]
pub struct Node {
    /// NAME of its section.
    pub name: String,
    /// What may be shown of it.
    pub facts: Facts,
    /// Why its keeper does not run just now.
    pub fault: Arc<Mutex<Option<String>>>,
}

/// A node in short.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: Option<String>,
    pub(super) node_name: String,
    pub(super) role: Role,
    pub(super) producer: Name,
    pub(super) chain_id: Option<String>,
    pub(super) decision: DecisionKind,
    pub(super) sentence: String,
    pub(super) level: &'static str,
    pub(super) healthy: bool,
    pub(super) ready: bool,
    pub(super) fault: Option<String>,
    pub(super) page: String,
    pub(super) status: String,
}

#[derive(Debug, Serialize)]
struct Lines {
    api_version: u32,
    nodes: Vec<Line>,
}

/// All nodes, each with what it answers.
#[derive(Debug)]
struct All {
    nodes: Vec<Node>,
    routes: Vec<TowerToHyperService<Router>>,
}

impl Line {
    fn of(facts: &Facts, name: Option<&str>, fault: Option<String>) -> Self {
        let status = facts.status();
        let is_well = |checks: Vec<Check>| checks.iter().all(|check| check.ok);
        let at = name.map_or_else(String::new, |name| format!("{NODE}{name}"));
        Self {
            name: name.map(str::to_owned),
            node_name: status.node_name.clone(),
            role: status.role,
            producer: status.producer.name,
            chain_id: status.chain.chain_id.clone(),
            decision: status.decision.kind,
            sentence: status.decision.sentence.clone(),
            level: page::level(&status),
            healthy: fault.is_none() && is_well(health::checks(facts)),
            ready: fault.is_none() && is_well(health::ready(facts)),
            fault,
            page: format!("{at}/"),
            status: format!("{at}/api/status"),
        }
    }
}

impl Node {
    /// Why its keeper does not run just now.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn line(&self) -> Line {
        Line::of(&self.facts, Some(&self.name), self.fault())
    }

    /// Its checks, each with the node's name.
    fn checks(&self, of: fn(&Facts) -> Vec<Check>) -> Vec<Check> {
        let fault = self.fault().map(|why| Check {
            name: "running",
            ok: false,
            sentence: format!("The keeper does not run: {why}."),
        });
        let own = fault.into_iter().chain(of(&self.facts));
        let named = own
            .map(|check| Check { sentence: format!("{}: {}", self.name, check.sentence), ..check });
        named.collect()
    }
}

/// `GET /api/nodes` of a keeper of one node.
pub(super) async fn only(State(facts): State<Facts>) -> Response {
    let nodes = vec![Line::of(&facts, None, None)];
    Json(Lines { api_version: API_VERSION, nodes }).into_response()
}

/// Everything that is answered for these nodes.
pub(super) fn routes(nodes: Vec<Node>) -> Router {
    let router = |node: &Node| TowerToHyperService::new(super::of_one(node.facts.clone()));
    let routes = nodes.iter().map(router).collect();
    Router::new()
        .route("/", routing::get(overview))
        .route("/api/nodes", routing::get(list))
        .route("/api/openapi.json", routing::get(describe))
        .route("/healthz", routing::get(healthz))
        .route("/readyz", routing::get(readyz))
        .route("/metrics", routing::get(figures))
        .fallback(pass)
        .method_not_allowed_fallback(super::not_allowed)
        .with_state(Arc::new(All { nodes, routes }))
}

async fn overview(State(all): State<Arc<All>>) -> Response {
    page::overview(&all.nodes)
}

async fn list(State(all): State<Arc<All>>) -> Response {
    let nodes = all.nodes.iter().map(Node::line).collect();
    Json(Lines { api_version: API_VERSION, nodes }).into_response()
}

async fn describe(State(all): State<Arc<All>>) -> Response {
    api::text("application/json", openapi::document_of(&all.names()).to_string())
}

/// Whether all keepers work.
async fn healthz(State(all): State<Arc<All>>, Extension(may): Extension<MayKnow>) -> Response {
    let checks = all.nodes.iter().flat_map(|node| node.checks(health::checks));
    health::answer(checks.collect(), may)
}

/// Whether all keepers know enough to be asked.
async fn readyz(State(all): State<Arc<All>>, Extension(may): Extension<MayKnow>) -> Response {
    let checks = all.nodes.iter().flat_map(|node| node.checks(health::ready));
    health::answer(checks.collect(), may)
}

async fn figures(State(all): State<Arc<All>>, headers: HeaderMap) -> Response {
    metrics::show_all(all.nodes.iter().map(|node| (node.name.as_str(), &node.facts)), &headers)
}

/// What is about one node goes to that node.
async fn pass(State(all): State<Arc<All>>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(NODE) {
        let (name, rest) = rest.split_once('/').map_or((rest, None), |(n, r)| (n, Some(r)));
        let Some(index) = all.place(name) else { return all.not_there(name) };
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let Some(rest) = rest else {
            // What is linked on the page is relative to it.
            let to = format!("{NODE}{}/{query}", all.nodes[index].name);
            return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response();
        };
        let to = format!("/{rest}{query}");
        return all.ask(index, to, request).await;
    }
    if OF_ONE.contains(&path) {
        let (named, query) = without_node(request.uri().query().unwrap_or_default());
        let index = match (&named[..], all.nodes.len()) {
            ([], 1) => Some(0),
            ([name], _) => all.place(name),
            _ => None,
        };
        let Some(index) = index else { return all.which() };
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let to = format!("{path}{query}");
        return all.ask(index, to, request).await;
    }
    if ["/style-", "/script-", "/icon/"].iter().any(|own| path.starts_with(own)) {
        let to = path.to_owned();
        return all.ask(0, to, request).await;
    }
    super::unknown(request.uri().clone()).await.into_response()
}

/// The values of `node` in a query, and the query without them.
fn without_node(query: &str) -> (Vec<String>, String) {
    let (own, others): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.split('=').next() == Some("node"));
    // Names are of letters that are never escaped.
    let names = own.iter().map(|pair| pair.strip_prefix("node=").unwrap_or_default().to_owned());
    (names.collect(), others.join("&"))
}

impl All {
    fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    async fn ask(&self, index: usize, to: String, mut request: Request) -> Response {
        let Ok(uri) = to.parse::<Uri>() else {
            return Refusal::parameter("", "that is no address").into_response();
        };
        *request.uri_mut() = uri;
        let answer: Result<Response, Infallible> = self.routes[index].call(request).await;
        answer.unwrap_or_else(|never| match never {})
    }

    fn which(&self) -> Response {
        let names = self.names().join(", ");
        Refusal::parameter("node", format!("name one of the nodes, once: {names}")).into_response()
    }

    fn not_there(&self, name: &str) -> Response {
        let name: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
        let names = self.names().join(", ");
        Refusal::new(StatusCode::NOT_FOUND, "not_found")
            .because(format!("there is no node {name}; the nodes are {names}"))
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_taken_out_of_the_question() {
        for (query, names, rest) in [
            ("", &[][..], ""),
            ("node=eos", &["eos"], ""),
            ("since=0&node=wax&limit=5", &["wax"], "since=0&limit=5"),
            ("node=a&node=b", &["a", "b"], ""),
            ("node", &[""], ""),
            ("nodes=a", &[], "nodes=a"),
        ] {
            let (found, left) = without_node(query);
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), left.as_str()),
                (names.to_vec(), rest),
                "{query}"
            );
        }
    }
}
