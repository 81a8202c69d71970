//! Whether others than this host reach the producer API.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;

use super::cases::{Advice, Case};
use super::facts::Facts;
use crate::config::Config;
use crate::core::event::ApiFailure;
use crate::nodeos::rpc::Client;
use crate::sources::nodes::addresses;

/// Deadline of a try; a firewall that drops takes all of it.
const DEADLINE: Duration = Duration::from_secs(2);
/// Most ports that are tried at each address.
const PORTS_MAX: usize = 8;

/// Tries `/v1/producer/paused`, which changes nothing, at every address of this host.
pub(super) async fn look(config: &Config, facts: &Facts) -> Vec<Advice> {
    let ips = match addresses() {
        Ok(ips) => ips,
        Err(why) => return vec![Case::ApiUnknown.because(format!("{why}."))],
    };
    let ports = ports(config, facts);
    let tried = ips.iter().flat_map(|ip| ports.iter().map(move |port| (*ip, *port)));
    let open: Vec<String> =
        join_all(tried.map(|(ip, port)| answers(ip, port))).await.into_iter().flatten().collect();
    if open.is_empty() {
        let (ips, ports) = (ips.len(), ports.len());
        return vec![Case::ApiClosed.because(format!(
            "It answers at none of this host's {ips} other addresses ({ports} ports tried); a forwarded \
             port or a proxy elsewhere is not seen from here."
        ))];
    }
    vec![Case::ApiOpen.because(format!("/v1/producer/paused answers at {}.", open.join(", ")))]
}

fn ports(config: &Config, facts: &Facts) -> Vec<u16> {
    let of = |text: &str| text.trim_end_matches('/').rsplit_once(':')?.1.parse::<u16>().ok();
    let mut ports: Vec<u16> = config.http_url.port_or_known_default().into_iter().collect();
    if let Some(node) = &facts.node {
        ports.extend(node.options.rpc().into_iter().filter_map(of));
        ports.extend(node.rpc.iter().filter_map(|url| of(url)));
    }
    ports.sort_unstable();
    ports.dedup();
    ports.truncate(PORTS_MAX);
    ports
}

/// The address, where the producer API is there.
async fn answers(ip: IpAddr, port: u16) -> Option<String> {
    let url = match ip {
        IpAddr::V4(ip) => format!("http://{ip}:{port}"),
        IpAddr::V6(ip) => format!("http://[{ip}]:{port}"),
    };
    let client = Client::new(&url, DEADLINE).ok()?;
    match client.paused().await {
        Ok(_) => Some(url),
        // It refuses the name it was called by, which whoever calls can choose.
        Err(ApiFailure::HttpStatus(400)) => Some(url),
        Err(_) => None,
    }
}
