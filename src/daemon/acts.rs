//! What a keeper may do by itself, for whoever asks before it is left alone.

use crate::core::settings::{Role, Settings};

/// What it may do, a few words each; `Err` says why it never does anything.
pub(crate) fn acts(settings: &Settings) -> Result<Vec<&'static str>, &'static str> {
    let policy = &settings.promotion;
    if settings.role == Role::Observer {
        return Err("an observer never acts");
    }
    if policy.dry_run {
        return Err("a dry run");
    }
    let acts: Vec<_> =
        table(settings).into_iter().filter_map(|(may, what)| may.then_some(what)).collect();
    if acts.is_empty() { Err("nothing is configured to act with") } else { Ok(acts) }
}

/// Each act, and whether there is all it takes.
fn table(settings: &Settings) -> [(bool, &'static str); 10] {
    let policy = &settings.promotion;
    let is_active = settings.role == Role::Active;
    let by_script = is_active && policy.configured;
    let has_lease = settings.lease.is_some();
    let has_peers = !settings.peers.names.is_empty();
    let gives = policy.can_demote && (has_lease || has_peers || by_script);
    let promotes = !is_active && policy.configured;
    // A node that is cut off stops only if it can start again by itself.
    let stops = policy.can_demote && (gives || policy.can_promote);
    [
        (promotes && policy.by_key, "registers this node's key when every gate is open"),
        (
            promotes && !policy.by_key && policy.require_fence,
            "makes this node sign when it is known that the other is stopped",
        ),
        (
            promotes && !policy.by_key && !policy.require_fence,
            "makes this node sign when every gate is open",
        ),
        (
            is_active && policy.can_promote,
            "arms this node: makes it sign after a paused start when it is entitled to",
        ),
        (gives, "hands over at once when this node signs and cannot any more"),
        (!gives && stops && is_active, "stops this node when it is cut off or forked"),
        (
            by_script && policy.can_demote,
            "stops this node and promotes the standby by its script \
          when the producer is missing",
        ),
        (
            is_active && stops && policy.can_restart,
            "restarts nodeos once when its head stands still",
        ),
        (
            policy.can_demote && (has_lease || has_peers || !is_active),
            if has_lease {
                "stops this node when the lease is not its own or another signs"
            } else {
                "stops this node when another signs"
            },
        ),
        (policy.can_demote && policy.can_fence, "fences a node that does not stop"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::settings::{Lease, Promotion};

    /// A node with both ways, and what else is set.
    fn of(role: Role, set: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::new(role, "eosstorebest".parse().unwrap());
        let policy = Promotion::for_role(role);
        settings.promotion = Promotion {
            can_promote: true,
            can_demote: true,
            configured: role.is_standby(),
            ..policy
        };
        set(&mut settings);
        match acts(&settings) {
            Ok(acts) => acts.join("; "),
            Err(why) => format!("never: {why}"),
        }
    }

    #[test]
    fn each_configuration_says_what_it_may_do() {
        use Role::{Active, FirstStandby, Observer, SecondStandby};
        let peers = |s: &mut Settings| s.peers.names = vec!["b".to_owned()];
        let lease = |s: &mut Settings| s.lease = Some(Lease::DEFAULT);
        let bare = |s: &mut Settings| s.promotion = Promotion::for_role(s.role);
        for (name, said, words, never) in [
            ("an observer", of(Observer, peers), "never: an observer", "arms"),
            ("bare", of(FirstStandby, bare), "never: nothing is configured", ";"),
            ("a dry run", of(Active, |s| s.promotion.dry_run = true), "never: a dry run", "arms"),
            ("A alone", of(Active, |_| {}), "arms this node", "hands over"),
            ("A alone, cut off", of(Active, |_| {}), "when it is cut off or forked", "another"),
            ("A with peers", of(Active, peers), "hands over at once", "cut off"),
            ("A with peers, two", of(Active, peers), "stops this node when another signs", "lease"),
            ("A with a lease", of(Active, lease), "when the lease is not its own", "gate"),
            (
                "A that is not armed",
                of(Active, |s| {
                    peers(s);
                    s.promotion.can_promote = false;
                }),
                "hands over at once",
                "arms",
            ),
            (
                "A with a script",
                of(Active, |s| s.promotion.configured = true),
                "promotes the standby by its script",
                "cut off",
            ),
            (
                "A that restarts",
                of(Active, |s| s.promotion.can_restart = true),
                "restarts nodeos once",
                "fences",
            ),
            (
                "A that fences",
                of(Active, |s| s.promotion.can_fence = true),
                "fences a node that does not stop",
                "restarts",
            ),
            ("B", of(FirstStandby, |_| {}), "sign when every gate is open", "hands over"),
            ("C with peers", of(SecondStandby, peers), "hands over at once", "arms"),
            (
                "B that asks for a word",
                of(FirstStandby, |s| {
                    peers(s);
                    s.promotion.require_fence = true;
                }),
                "known that the other is stopped",
                "every gate",
            ),
            (
                "B by key",
                of(FirstStandby, |s| s.promotion.by_key = true),
                "registers this node's key",
                "makes this node sign",
            ),
            (
                "B that only stops",
                of(FirstStandby, |s| {
                    bare(s);
                    s.promotion.can_demote = true;
                }),
                "stops this node when another signs",
                "gate",
            ),
        ] {
            assert!(said.contains(words) && !said.contains(never), "{name}: {said}");
        }
    }
}
