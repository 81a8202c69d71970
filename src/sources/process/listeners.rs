//! Who listens on a port: the sockets of `/proc/net/tcp` and `/proc/net/tcp6`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Bound on what is read of a table: a line has some 150 bytes, and listeners come first.
const TABLE_BYTES: u64 = 16 * 1024 * 1024;
/// The state of a socket that listens (`TCP_LISTEN`).
const LISTEN: &str = "0A";

/// A socket that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Listener {
    /// Where; 0.0.0.0 and :: are every address.
    pub(in crate::sources) at: SocketAddr,
    /// The user who made it.
    pub(in crate::sources) uid: u32,
    /// Its number in `/proc/PID/fd`.
    pub(in crate::sources) inode: u64,
}

/// The sockets that would get a connection to one of the addresses; an exact address before every
/// address, as the kernel chooses.
pub(in crate::sources) fn listeners(
    proc: &Path,
    addresses: &[SocketAddr],
) -> io::Result<Vec<Listener>> {
    let all = all(proc)?;
    let mut found: Vec<Listener> = Vec::new();
    for address in addresses {
        let on_port = || all.iter().filter(|listener| listener.at.port() == address.port());
        let exact = on_port().filter(|listener| listener.at.ip() == address.ip());
        let mut taken: Vec<Listener> = exact.copied().collect();
        if taken.is_empty() {
            taken =
                on_port().filter(|listener| listener.at.ip().is_unspecified()).copied().collect();
        }
        found.extend(taken);
    }
    found.sort_by_key(|listener| listener.inode);
    found.dedup();
    Ok(found)
}

/// Every socket that listens.
pub(in crate::sources) fn all(proc: &Path) -> io::Result<Vec<Listener>> {
    let mut all = read(&proc.join("net/tcp"))?;
    // A host without IPv6 has no such table.
    all.extend(read(&proc.join("net/tcp6")).unwrap_or_default());
    Ok(all)
}

fn read(table: &Path) -> io::Result<Vec<Listener>> {
    let lines = BufReader::new(File::open(table)?.take(TABLE_BYTES)).lines();
    let mut found = Vec::new();
    for line in lines.skip(1) {
        found.extend(listener(&line?));
    }
    Ok(found)
}

/// `sl local_address rem_address st queues timer retransmits uid timeout inode …`
fn listener(line: &str) -> Option<Listener> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if *fields.get(3)? != LISTEN {
        return None;
    }
    let (ip, port) = fields.get(1)?.split_once(':')?;
    Some(Listener {
        at: SocketAddr::new(address(ip)?, u16::from_str_radix(port, 16).ok()?),
        uid: fields.get(7)?.parse().ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The kernel prints an address as 32-bit numbers of its own byte order.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a real table of a little-endian host.
    const TCP: &str = "  \
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 4711 1 0000000000000000 100 0 0 10 0
   1: 00000000:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:22B8 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1001        0 4713 1 0000000000000000 20 4 30 10 -1
";
    const TCP6: &str = "  \
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:22B9 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 4714 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:22BA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 4715 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:22BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 4716 1 0000000000000000 100 0 0 10 0
";

    #[test]
    #[cfg(target_endian = "little")]
    fn an_exact_address_goes_before_every_address() {
        let proc = tempfile::tempdir().unwrap();
        std::fs::create_dir(proc.path().join("net")).unwrap();
        std::fs::write(proc.path().join("net/tcp"), TCP).unwrap();
        std::fs::write(proc.path().join("net/tcp6"), TCP6).unwrap();
        for (address, inodes) in [
            ("127.0.0.1:8888", &[4711][..]),
            ("10.0.0.5:8888", &[4712]),
            ("[::1]:8888", &[4712]),
            ("127.0.0.1:8889", &[4714]),
            ("[::1]:8890", &[4715]),
            ("127.0.0.1:8891", &[4716]),
            ("127.0.0.1:8892", &[]),
        ] {
            let found = listeners(proc.path(), &[address.parse().unwrap()]).unwrap();
            let found: Vec<u64> = found.iter().map(|listener| listener.inode).collect();
            assert_eq!(found, inodes, "{address}");
        }
        let first = listeners(proc.path(), &["127.0.0.1:8888".parse().unwrap()]).unwrap()[0];
        assert_eq!((first.uid, first.at.to_string()), (1001, "127.0.0.1:8888".to_owned()));
    }

    #[test]
    fn what_is_no_line_of_the_table_is_passed_over() {
        for line in ["", "0: 0100007F:22B8", "a b c 0A", "0: xx:yy 0 0A 0 0 0 0 0 0"] {
            assert_eq!(listener(line), None, "{line}");
        }
    }
}
