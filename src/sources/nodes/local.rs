//! The addresses of this host, as the kernel's tables have them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Most addresses that are told; a host with many containers has dozens.
const ADDRESSES_MAX: usize = 64;

/// Every address of this host that is no loopback address and none of one link alone.
///
/// # Errors
/// One sentence: `/proc/net` cannot be read.
pub fn addresses() -> Result<Vec<IpAddr>, String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let mut found: Vec<IpAddr> = v4(&read("/proc/net/fib_trie")?);
    // A host without IPv6 has no such table.
    found.extend(v6(&read("/proc/net/if_inet6").unwrap_or_default()));
    found.retain(|ip| !ip.is_loopback() && !ip.is_unspecified() && !is_of_link(*ip));
    found.sort_unstable();
    found.dedup();
    found.truncate(ADDRESSES_MAX);
    Ok(found)
}

fn is_of_link(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        // A connection to one needs the link's name.
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// A leaf `|-- ADDRESS`, and below it `/32 host LOCAL`.
fn v4(table: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in table.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(leaf.map(IpAddr::V4));
        }
    }
    found
}

/// `fd00…02 04 40 00 82 eth0`: 32 hex digits first.
fn v6(table: &str) -> Vec<IpAddr> {
    let words = table.lines().filter_map(|line| line.split_ascii_whitespace().next());
    let numbers = words.filter_map(|word| u128::from_str_radix(word, 16).ok());
    numbers.map(|number| IpAddr::V6(Ipv6Addr::from(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of real tables.
    const FIB: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
           |-- 127.0.0.1
              /32 host LOCAL
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
";
    const INET6: &str = "fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
";

    #[test]
    fn reads_the_kernels_tables() {
        assert_eq!(v4(FIB), ["127.0.0.1", "192.0.2.2"].map(|ip| ip.parse::<IpAddr>().unwrap()));
        let expected = ["fd00::2", "::1", "fe80::fc:ff:fe00:1"];
        assert_eq!(v6(INET6), expected.map(|ip| ip.parse::<IpAddr>().unwrap()));
        assert!(is_of_link("fe80::1".parse().unwrap()) && !is_of_link("fd00::2".parse().unwrap()));
    }

    #[test]
    fn this_hosts_own_can_be_bound() {
        for ip in addresses().unwrap() {
            assert!(std::net::UdpSocket::bind((ip, 0)).is_ok(), "{ip}");
        }
    }
}
