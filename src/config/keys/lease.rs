//! `[lease]`: an etcd that says which node may sign.

use super::super::LEASE_ENDPOINTS_MAX;
use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "lease",
    help: "An etcd cluster that says which of the producer's nodes may sign: doc/lease.md.",
    keys: &[
        optional(
            "endpoints",
            Kind::Urls { max: LEASE_ENDPOINTS_MAX },
            "http://10.0.0.1:2379, http://10.0.0.2:2379, http://10.0.0.3:2379",
            "none; no lease is kept",
            "The addresses of etcd's members for clients; given, no node produces without the \
             lease. The same cluster for every node of the producer.",
        ),
        time(
            "ttl_seconds",
            "ttl_ms",
            Kind::Time { unit: Unit::Seconds, min_ms: 3_000, max_ms: 300_000 },
            "How long the lease is a node's own after a renewal, whole seconds: about as long it \
             takes until another may sign after a whole host was lost.",
        ),
        time(
            "renew_seconds",
            "renew_ms",
            Kind::Time { unit: Unit::Seconds, min_ms: 500, max_ms: 100_000 },
            "Between two renewals. renew_seconds (1 at least) + 2 × timeout_seconds + 1 is at most \
             ttl_seconds: one timeout for etcd, one to stop the node, a second until it is judged.",
        ),
        time(
            "timeout_seconds",
            "timeout_ms",
            Kind::Time { unit: Unit::Seconds, min_ms: 200, max_ms: 60_000 },
            "Deadline of a question to etcd, all members together; half of it is for the first.",
        ),
        Key {
            name: "on_lease_outage",
            field: "on_lease_outage",
            kind: Kind::Choice(&["hold", "keep_if_chain_proves"]),
            default: DefaultValue::Text("hold"),
            help: "When etcd does not answer and the lease runs out: hold stops the node, \
                   keep_if_chain_proves lets it sign while the chain builds on its blocks. The \
                   same for every node of the producer.",
        },
        Key {
            name: "lapsed_slots",
            field: "lapsed_slots",
            kind: Kind::Count { min: 1, max: 12 },
            default: DefaultValue::Lease,
            help: "After the lease lapsed without a handover: so many of our slots must pass \
                   unsigned before a standby takes over.",
        },
        Key {
            name: "prefix",
            field: "prefix",
            kind: Kind::KeyPrefix,
            default: DefaultValue::Text("/eoskeeper"),
            help: "What the key begins with: PREFIX/CHAIN_ID/PRODUCER/lease. The same for every \
                   node of the producer.",
        },
        optional(
            "user",
            Kind::Word,
            "eoskeeper",
            "none; etcd asks nobody",
            "The user etcd knows us as. Needs password_file.",
        ),
        optional(
            "password_file",
            Kind::Path,
            "/etc/eoskeeper/etcd.password",
            "none",
            "The file whose first line is the user's password; nobody but the user eoskeeper runs \
             as should be able to read it.",
        ),
        optional(
            "ca_file",
            Kind::Path,
            "/etc/eoskeeper/etcd-ca.pem",
            "none; the system's certificates",
            "The certificate, PEM, that etcd's own is signed by, for endpoints of https.",
        ),
    ],
};

const fn time(name: &'static str, field: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, field, kind, default: DefaultValue::Lease, help }
}

const fn optional(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    note: &'static str,
    help: &'static str,
) -> Key {
    Key { name, field: name, kind, default: DefaultValue::Nothing { example, note }, help }
}
