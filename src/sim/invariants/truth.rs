//! What is true in the world, whatever the keepers think: troubles of a host, and whether it, and the
//! chain, are without any fault.

use crate::core::schedule::TURN_SLOTS;
use crate::sim::net::Traffic;
use crate::sim::node::Process;
use crate::sim::promises::Trouble;
use crate::sim::site::Site;
use crate::sim::world::World;

impl World<'_> {
    pub(in crate::sim) fn look_at(&mut self, site: Site, now_ms: u64) {
        let node = &self.nodes[site.at()];
        let head = *self.chain.get(node.head);
        let (head_id, many) = (node.head.0, self.nodes[Site::Many.at()].head);
        let now = &mut self.promises;
        if now.libs[site.at()].0 != head.lib_number {
            now.libs[site.at()] = (head.lib_number, now_ms);
        }
        if now.heads[site.at()].0 != head_id {
            now.heads[site.at()] = (head_id, now_ms);
        }
        let lib_still_ms = now_ms - now.libs[site.at()].1;
        let head_still_ms = now_ms - now.heads[site.at()].1;
        let wall = self.wall();
        let host = &self.hosts[site.at()];
        let error_ms = host.clocks.error_ms(now_ms);
        let cut = !self.net.is_calm()
            && !self.net.is_up(Site::Many, site, Traffic::Blocks)
            && !self.net.is_up(Site::Few, site, Traffic::Blocks);
        // The way down the branches comes last: it is long where a node was down for long.
        let is_own_branch = head_still_ms < 10_000
            && self.chain.get(many).number.saturating_sub(head.number) > 60
            && self.chain.fork_of(node.head, many) != node.head;
        let switched = node.deep_switch_ms.is_some_and(|at| now_ms.saturating_sub(at) < 50_000);
        // A script that lies is believed until the node is asked again.
        let is_known = host.runs() && host.scripts.is_empty();
        let is_unpaused = !node.paused && node.process == Process::Running && is_known;
        let troubles = [
            (Trouble::NoAnswer, !node.answers()),
            (Trouble::CutOff, cut || is_own_branch),
            (Trouble::HeadStalled, head_still_ms > 0),
            (Trouble::Behind, wall.since_ms(head.slot.time()) > 34_000 && error_ms.abs() < 1_000),
            (Trouble::LibStalled, lib_still_ms > 31_000),
            (Trouble::Stopping, node.stopping && host.heard.stopping),
            (Trouble::DatabaseFault, node.database_fault && host.heard.database_fault),
            (Trouble::ClockOff, error_ms < -2_500),
            (Trouble::Unpaused, is_unpaused),
            (Trouble::NoReferences, self.lack_references(site)),
            (Trouble::NotScheduled, !self.schedules.of(self.slot()).contains(self.ours)),
            (Trouble::ForkSwitched, switched && host.log_silent == 0 && host.log_held == 0),
            (Trouble::PeerSigns, self.is_told_of_a_signer(site, now_ms)),
            (Trouble::LeaseElsewhere, self.is_lease_elsewhere(site)),
        ];
        for (trouble, there) in troubles {
            self.promises.trouble(site, trouble, there, now_ms);
        }
    }

    /// Another of our nodes is able to sign on the same chain, and its keeper is heard to say so.
    pub(in crate::sim) fn is_told_of_a_signer(&self, site: Site, now_ms: u64) -> bool {
        if !self.scenario.config.mode.has_peers() || !self.hosts[site.at()].runs() {
            return false;
        }
        let round = self.schedules.of(self.slot()).producers.len() as u32 * TURN_SLOTS;
        let lib = |site: Site| self.chain.get(self.nodes[site.at()].head).lib_number;
        Site::SIGNERS.into_iter().filter(|other| *other != site).any(|other| {
            let node = &self.nodes[other.at()];
            let told_ms = now_ms.saturating_sub(self.promises.started_ms[other.at()]);
            node.can_sign()
                && node.answers()
                && self.hosts[other.at()].runs()
                && told_ms > 10_000
                && self.is_well_heard(site, other)
                && now_ms.saturating_sub(self.promises.heads[other.at()].1) < 8_000
                && lib(site).abs_diff(lib(other)) * 4 < round * 3
        })
    }

    /// Another holds the lease, and nothing is wrong with etcd or the way to it.
    fn is_lease_elsewhere(&self, site: Site) -> bool {
        let etcd = &self.etcd;
        self.scenario.config.mode.has_lease()
            && etcd.has_quorum()
            && etcd.slow == 0
            && etcd.answers_lost == 0
            // Of two holders one after another the second counts anew.
            && self.now_ms().saturating_sub(etcd.taken_ms) > 2_000
            && self.net.is_whole(site, Site::Etcd)
            && etcd.read().is_some_and(|r| r.released.is_none() && r.holder != site.name())
    }

    /// References are configured, and fewer than most of them can be asked and tell the truth.
    pub(in crate::sim) fn lack_references(&self, site: Site) -> bool {
        let reachable = self.net.is_up(site, Site::Many, Traffic::Keepers)
            && self.net.is_up(Site::Many, site, Traffic::Keepers);
        let well = self.references.iter().filter(|faults| faults.is_empty()).count();
        self.scenario.config.references && (!reachable || well * 2 <= self.references.len())
    }

    /// Whether a host, its keeper, its node and its links are without any fault.
    pub(in crate::sim) fn is_fit(&self, site: Site) -> bool {
        let (host, node) = (&self.hosts[site.at()], &self.nodes[site.at()]);
        let now_ms = self.now_ms();
        host.runs()
            && host.log_silent == 0
            && host.log_held == 0
            && host.scripts.is_empty()
            && host.disk.faults.is_empty()
            && !host.is_latch_unreadable
            && host.clocks.error_ms(now_ms).abs() < 200
            && node.answers()
            && !node.stopping
            && !node.database_fault
            && !node.fenced
            && node.lag_ms(now_ms) == 0
            && node.deep_switch_ms.is_none_or(|at| now_ms.saturating_sub(at) > 60_000)
            && Site::ALL.iter().all(|other| *other == site || self.net.is_whole(site, *other))
            && !self.lack_references(site)
    }

    /// Whether the chain goes on as it should, our producer among those who sign.
    pub(in crate::sim) fn is_chain_fit(&self) -> bool {
        let slot = self.slot();
        let newest = self.schedules.newest();
        self.stalled == 0
            && self.missing == 0
            && self.net.is_whole(Site::Many, Site::Few)
            && newest.contains(self.ours)
            && self.schedules.of(slot).version == newest.version
            && self.references.iter().all(Vec::is_empty)
            && self.is_left_to_keepers()
            && (self.scenario.strict || !self.signs_in_vain())
    }

    /// Known weakness: blocks of ours that are refused or lost to another branch hold every standby.
    /// They count as seen, and refused ones close the gate `fork_unsettled`.
    fn signs_in_vain(&self) -> bool {
        let now_ms = self.now_ms();
        Site::SIGNERS.into_iter().any(|site| {
            let node = &self.nodes[site.at()];
            node.can_sign()
                && (self.hosts[site.at()].clocks.error_ms(now_ms).abs() > 400
                    || node.lag_ms(now_ms) > 400
                    || !self.net.is_whole(site, Site::Many))
        })
    }

    /// No person overrules the keepers, and what helps them is well.
    pub(in crate::sim) fn is_left_to_keepers(&self) -> bool {
        let now_ms = self.now_ms();
        let etcd = &self.etcd;
        let lease_is_well = etcd.has_quorum() && etcd.slow == 0 && etcd.answers_lost == 0;
        !self.overruled
            && self.hosts.iter().all(|host| host.maintained_ms <= now_ms)
            && (lease_is_well || !self.scenario.config.mode.has_lease())
    }
}
