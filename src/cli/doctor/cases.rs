//! Every piece of advice there is: its name, how bad it is, when it is given, what to do.
//!
//! `doc/doctor.md` has this table; a test compares the two.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and could be better; or it cannot be told from here.
    Advice,
    /// It will hurt one day.
    Warn,
    /// Two nodes may sign, or none, or anybody may stop one.
    Danger,
}

impl Verdict {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Advice => "advice",
            Self::Warn => "warn",
            Self::Danger => "danger",
        }
    }
}

macro_rules! cases {
    ($($case:ident $name:literal $verdict:ident $when:literal, $next:literal;)*) => {
        /// A finding that advice can be given on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Case {
            $(#[doc = $when] $case,)*
        }

        impl Case {
            /// All of them, in the order they are told.
            pub const ALL: &[Self] = &[$(Self::$case,)*];

            /// What it is about.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$case => $name,)* }
            }

            /// How bad it is.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $(Self::$case => Verdict::$verdict,)* }
            }

            /// When it is given.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $(Self::$case => $when,)* }
            }

            /// What to do; empty where nothing is.
            #[must_use]
            pub const fn next(self) -> &'static str {
                match self { $(Self::$case => $next,)* }
            }
        }
    };
}

cases! {
    Acts "acting" Ok "it acts by itself where its role does", "";
    DryRun "acting" Advice "`[promotion] dry_run` is true", "set dry_run = false when what it says was right for a few days";
    NoMeans "acting" Advice "a node that signs has no way to be made to sign or stop", "set [promotion] promote and demote";
    ClockKept "clock_sync" Ok "a time service keeps the clock", "";
    ClockNotKept "clock_sync" Danger "a time service says that the clock is not in step, or none runs and the kernel says the same", "install chrony, and see `chronyc tracking`";
    ClockUnkept "clock_sync" Warn "no time service is seen, and the kernel does not say whether the clock is kept", "see on the host itself that chrony or systemd-timesyncd runs";
    OffsetSmall "clock_offset" Ok "this clock agrees with other hosts'", "";
    OffsetLarge "clock_offset" Danger "this clock is half a second or more from what most other hosts say", "correct the clock: blocks are taken for late or for the future's, and turns are judged wrongly";
    OffsetUnknown "clock_offset" Advice "no other host told its time", "name [references] or [peers]: their clocks are compared with this one";
    StartsPaused "pause_on_startup" Ok "nodeos starts paused, and the keeper can make it sign", "";
    StartsUnpaused "pause_on_startup" Danger "a standby, or a node beside peers or a lease, would sign on its own after a start", "set pause-on-startup = true in its config.ini, and [promotion] promote, so that the keeper makes it sign when it is entitled to";
    ActiveUnpaused "pause_on_startup" Warn "the active node would sign on its own after a start", "set pause-on-startup = true in its config.ini and [promotion] promote = api: after a failover the old active node must not come back signing";
    PausedForEver "pause_on_startup" Warn "the active node starts paused, and nobody makes it sign", "set [promotion] promote = api, or resume it by hand after every start";
    StartUnknown "pause_on_startup" Advice "nodeos's configuration was not seen", "run this as nodeos's user or as root, on nodeos's host";
    KeyFits "signing_key" Ok "nodeos has a key of the active schedule, or its own where promote = key", "";
    KeyOnTwo "signing_key" Warn "a standby has the key the active node signs with", "two nodes can sign: give the keeper a fence or a lease, or each node a key of its own with promote = key";
    KeyMissing "signing_key" Danger "nodeos has no key by which the schedule lets the producer sign", "give it the key (signature-provider), or set promote = key with a key of its own";
    KeyDefault "signing_key" Danger "nodeos signs with the development key, which everybody has", "give it a key of your own, and register that";
    KeyNotOurs "signing_key" Danger "promote = key, and nodeos does not have producer_key", "put producer_key into nodeos's signature-provider, or correct it";
    KeyUnknown "signing_key" Advice "nodeos's configuration or the schedule's keys were not seen", "run this as nodeos's user or as root, while nodeos runs";
    ApiClosed "producer_api" Ok "the producer API is not reached at this host's other addresses", "";
    ApiOpen "producer_api" Danger "the producer API answers at an address that is not loopback", "let nodeos listen on 127.0.0.1 (or give producer_rw a loopback address of its own by http-category-address), or close the port by a firewall: whoever reaches it can stop the producer, or make two sign";
    ApiUnknown "producer_api" Advice "this host's addresses could not be tried", "see from another host that nodeos's RPC port is closed";
    StaleNot "stale_production" Ok "nodeos does not produce on an old head", "";
    StaleAllowed "stale_production" Danger "`enable-stale-production` is set", "take it out: a node that is cut off would sign a branch of its own";
    ModeWrong "read_mode" Danger "`read-mode = irreversible` on a node that shall sign", "take it out: such a node signs nothing";
    PeersMany "p2p_peers" Ok "nodeos has peers of more than our own nodes", "";
    PeersOwn "p2p_peers" Danger "every peer of a standby is one of our own hosts", "give it peers of other producers: when the active node is lost, this one is cut off with it";
    PeersOne "p2p_peers" Warn "nodeos has one peer", "add p2p-peer-address lines, of several companies";
    PeersNone "p2p_peers" Danger "nodeos has no peer", "add p2p-peer-address lines, of several companies, and see the firewall";
    PeersUnknown "p2p_peers" Advice "which peers nodeos has was not seen", "load eosio::net_api_plugin, on loopback, or run this as nodeos's user";
    LogShows "log_blocks" Ok "the log shows the blocks", "";
    LogHides "log_blocks" Warn "the head moves, and no line of the log's end is about a block", "let nodeos log at level info (logging.json: default, producer_plugin): faults are seen seconds earlier by the log";
    LogLevel "log_blocks" Warn "logging.json has a level that hides the lines of blocks", "set the level of default, producer_plugin and net_plugin_impl to info";
    LogUnread "log_blocks" Warn "the log could not be read", "see the row of check";
    LogUnknown "log_blocks" Advice "the head does not move, so that the log cannot be judged", "run this again when the node is in sync";
    VersionsEqual "versions" Ok "our nodes run one version", "";
    VersionsDiffer "versions" Warn "our own nodes run different versions", "bring them to one version, standbys first";
    VersionOld "versions" Advice "every reference runs another version than this node", "see whether an update was missed";
    VersionsUnknown "versions" Advice "no other node told its version", "name [peers] or [references], or give --with FILE";
    ScriptsGood "scripts" Ok "every script is read without a fault by its interpreter", "";
    ScriptsNone "scripts" Ok "no script is named", "";
    ScriptBad "scripts" Danger "a script cannot be started, or its interpreter finds a fault in it", "mend it: it would fail when it is needed";
    ScriptUnread "scripts" Advice "a script was not read through: a program, or of an interpreter without a way to", "run it by hand once, on a test network";
    ChannelsGood "channels" Ok "every channel is reached, or was sent its message", "";
    ChannelsNone "channels" Warn "no channel is configured", "give it one, see doc/alarms.md: nobody is told otherwise";
    ChannelBad "channels" Danger "a channel is not reached, or did not take its message", "mend it, then `eoskeeper notify --test NAME`";
    DiskRoom "disk_space" Ok "there is room on the disks", "";
    DiskLittle "disk_space" Warn "a disk is fuller than `[host] disk_percent`", "make room: nodeos stops by itself at 90 percent (resource-monitor-space-threshold)";
    DiskFull "disk_space" Danger "a disk is fuller than `[host] disk_full_percent`", "make room now: a nodeos without room stops, and its database breaks";
    DiskUnknown "disk_space" Advice "a disk could not be looked at", "see the row of check";
    FinalizerOwn "finalizer_key" Ok "no finalizer key, or one that was not seen elsewhere", "";
    FinalizerCompare "finalizer_key" Advice "this node has a finalizer key, and the other nodes' were not given", "give what `eoskeeper doctor --json` prints on the other hosts by --with FILE";
    FinalizerIdle "finalizer_key" Advice "this node's finalizer key is not in the active policy", "register it and make it active, where this node shall vote";
    FinalizerTwice "finalizer_key" Danger "two nodes have one finalizer key", "give each node a finalizer key of its own: two that vote with one can break finality";
    SafetyCopied "finalizer_key" Danger "the `safety.dat` of two nodes is the same file", "stop one of the nodes, give it a finalizer key of its own, and remove the copy";
    OtherSigner "same_host" Danger "another nodeos of this host signs for the producer as well", "pause one of them: two nodes sign one producer";
    SameHost "same_host" Warn "another nodeos of this host is of the same producer", "put the standby on another host: both are lost with this one";
    AloneHere "same_host" Ok "no other nodeos of this producer is on this host", "";
    References "references" Ok "other nodes of the chain are named", "";
    ReferencesFew "references" Advice "fewer than three references", "name three or more, of different companies: more than half must agree";
    ReferencesNone "references" Warn "a node that signs or may sign has no references", "name other nodes under [references]: without them it cannot know that it is cut off";
}

/// Advice that is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it is about.
    pub name: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was seen, one sentence.
    pub reason: String,
    /// What to do, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

impl Case {
    /// Given, because of what was seen.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Advice {
        let next = Some(self.next()).filter(|next| !next.is_empty());
        let reason: String = reason.into();
        let reason = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Advice { name: self.name(), verdict: self.verdict(), reason, next }
    }
}
