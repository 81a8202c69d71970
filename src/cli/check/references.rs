//! The references: whether each answers, and is on our chain.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Url;

use crate::cli::check::row::Row;
use crate::config::Config;
use crate::core::event::{ApiFailure, ChainInfo};
use crate::nodeos::rpc::Client;

/// A reference may be on another continent.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks them all, and this node for its chain id.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    if config.references.is_empty() {
        return Vec::new();
    }
    let (own, answers) =
        tokio::join!(info(&config.http_url), join_all(config.references.iter().map(info)),);
    let chain = own.ok().and_then(|own| own.chain_id);
    config
        .references
        .iter()
        .zip(answers)
        .map(|(url, answer)| row(url, answer, chain.as_deref()))
        .collect()
}

async fn info(url: &Url) -> Result<ChainInfo, ApiFailure> {
    let client = Client::new(url.as_str(), DEADLINE);
    match client {
        Ok(client) => client.get_info().await,
        Err(error) => Err(ApiFailure::Other(error.to_string())),
    }
}

fn row(url: &Url, answer: Result<ChainInfo, ApiFailure>, chain: Option<&str>) -> Row {
    let what = "reference";
    let info = match answer {
        Ok(info) => info,
        Err(failure) => {
            let next = "one that never answers never agrees; correct [references] urls";
            return Row::fail(what, format!("{url}: {failure}"), next);
        }
    };
    let theirs = info.chain_id.as_deref();
    if theirs.zip(chain).is_some_and(|(theirs, ours)| theirs != ours) {
        let detail = format!("{url} is on chain {}", theirs.unwrap_or_default());
        return Row::fail(what, detail, "name nodes of this node's own chain");
    }
    Row::ok(what, format!("{url}: head #{}", info.head))
}
