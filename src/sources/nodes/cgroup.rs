//! Which systemd unit or container a process is in, by `/proc/PID/cgroup`.

/// A container's id: 32 bytes in hex.
const ID_DIGITS: usize = 64;

/// A systemd unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name: `nodeos.service`.
    pub name: String,
    /// Whether a user's own systemd runs it, which the system's does not know.
    pub is_of_user: bool,
}

/// The unit; a session or a slice is none.
pub(super) fn unit(text: &str) -> Option<Unit> {
    let path = paths(text).find(|path| path.contains(".service"))?;
    let parts: Vec<&str> = path.split('/').collect();
    let name = parts.iter().rev().find(|part| part.ends_with(".service"))?;
    let of_user = |part: &&&str| part.starts_with("user@");
    let manager = parts.iter().filter(of_user).count();
    // `user@1000.service` alone is the manager, and no unit of anybody.
    if of_user(&name) {
        return None;
    }
    Some(Unit { name: (*name).to_owned(), is_of_user: manager > 0 })
}

/// The container's id: `/docker/ID`, `docker-ID.scope`, `cri-containerd-ID.scope`.
pub(super) fn container(text: &str) -> Option<String> {
    let parts = paths(text).flat_map(|path| path.split('/'));
    let ids = parts.filter_map(|part| {
        let part = part.strip_suffix(".scope").unwrap_or(part);
        let id = part.rsplit('-').next()?;
        let is_id = id.len() == ID_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit());
        is_id.then(|| id.to_owned())
    });
    ids.last()
}

/// The paths, of version 2 and of systemd's own hierarchy first.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let of = |mark: &'static str| move |line: &&str| line.contains(mark);
    let first = text.lines().filter(of("::/")).chain(text.lines().filter(of("name=systemd:")));
    let all = first.chain(text.lines());
    all.filter_map(|line| line.splitn(3, ':').nth(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_and_the_container_of_a_process() {
        let id = "0123456789abcdef".repeat(4);
        let unit_of = |name: &str, is_of_user| Some(Unit { name: name.to_owned(), is_of_user });
        for (text, unit_expected, is_container) in [
            ("0::/system.slice/nodeos.service", unit_of("nodeos.service", false), false),
            (
                "0::/system.slice/system-nodeos.slice/nodeos@wax.service",
                unit_of("nodeos@wax.service", false),
                false,
            ),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/nodeos.service",
                unit_of("nodeos.service", true),
                false,
            ),
            ("0::/user.slice/user-1000.slice/session-4.scope", None, false),
            ("0::/user.slice/user-1000.slice/user@1000.service/init.scope", None, false),
            (
                "9:memory:/x\n1:name=systemd:/system.slice/eos.service\n0::/",
                unit_of("eos.service", false),
                false,
            ),
            (&format!("0::/system.slice/docker-{id}.scope"), None, true),
            (&format!("4:memory:/docker/{id}\n0::/"), None, true),
            (&format!("0::/kubepods.slice/pod1/cri-containerd-{id}.scope"), None, true),
            ("0::/", None, false),
            ("", None, false),
        ] {
            assert_eq!(unit(text), unit_expected, "{text}");
            assert_eq!(container(text).as_deref(), is_container.then_some(id.as_str()), "{text}");
        }
    }
}
