//! How nodes are made to produce and to stop, and who may do what.

use super::super::Actuator;
use super::super::kind::{is_api, is_key};
use super::super::tree::PromotionKeys;
use super::Resolver;
use crate::core::settings::{Promotion, Role, Wait};
use crate::nodeos::keys;

const SECTION: &str = "promotion";

/// A fixed wait below two rounds of 21 producers: 2 × 126 s.
const SHORT_WAIT_MS: u64 = 252_000;

/// Keys of `[promotion]` that an observer has no use for.
const ACTS: [&str; 7] =
    ["promote", "demote", "promote_remote", "key_script", "producer_key", "fence", "restart"];

/// The ways to act.
#[derive(Debug, Default)]
pub(super) struct Actuators {
    pub(super) promote: Option<Actuator>,
    pub(super) demote: Option<Actuator>,
    pub(super) promote_remote: Option<Actuator>,
    pub(super) fence: Option<Actuator>,
    pub(super) restart: Option<Actuator>,
    /// In its one form; only where a promotion is by key.
    pub(super) producer_key: Option<String>,
}

impl Actuators {
    /// Tells the policy what there is to act with.
    pub(super) fn tell(&self, role: Role, promotion: &mut Promotion) {
        // A promotes the standby; its own `promote` only arms it.
        promotion.configured = match role {
            Role::Active => self.promote_remote.is_some(),
            Role::FirstStandby | Role::SecondStandby => self.promote.is_some(),
            Role::Observer => false,
        };
        promotion.can_promote = self.promote.is_some();
        promotion.can_demote = self.demote.is_some();
        promotion.can_fence = self.fence.is_some();
        promotion.can_restart = self.restart.is_some();
        promotion.by_key = self.producer_key.is_some();
    }
}

impl Resolver<'_> {
    pub(super) fn actuators(&mut self, keys: &PromotionKeys, role: Option<Role>) -> Actuators {
        if let Some(role) = role {
            self.check_role(role);
        }
        let by_key = keys.promote.as_deref().is_some_and(is_key);
        self.check_key(by_key);
        let actuator = |text: &Option<String>| {
            text.as_deref().map(|text| {
                if is_api(text) { Actuator::Api } else { Actuator::Script(self.base.join(text)) }
            })
        };
        let key = keys.producer_key.as_deref().filter(|_| by_key);
        Actuators {
            promote: actuator(if by_key { &keys.key_script } else { &keys.promote }),
            demote: actuator(&keys.demote),
            promote_remote: actuator(&keys.promote_remote),
            fence: actuator(&keys.fence),
            restart: actuator(&keys.restart),
            producer_key: key.and_then(|key| keys::normal(key).ok()),
        }
    }

    fn check_role(&mut self, role: Role) {
        match role {
            Role::FirstStandby | Role::SecondStandby => {
                self.refuse(role, "promote_remote", "only role A has it; a standby has promote");
                self.check_demote("promote", "a promotion could not be undone");
            }
            Role::Active => {
                self.check_demote("promote", "a node that was made to sign could not be stopped");
                let why = "this node must be stopped before another is promoted";
                self.check_demote("promote_remote", why);
            }
            Role::Observer => {
                for key in ACTS {
                    self.refuse(role, key, "it only observes; remove the key or change the role");
                }
            }
        }
    }

    /// What is made to sign must be stoppable.
    fn check_demote(&mut self, key: &str, why: &str) {
        if self.given.is_given(SECTION, key) && !self.given.is_given(SECTION, "demote") {
            let what = format!("demote is not given: {why}");
            self.problem(SECTION, key, &what, "give demote too, for example api");
        }
    }

    /// What a promotion by key needs, and only that.
    fn check_key(&mut self, by_key: bool) {
        for (key, example) in [
            (
                "key_script",
                "the script that registers the key, for example ./scripts/switch-key.sh",
            ),
            ("producer_key", "the public key this node signs with"),
        ] {
            let is_given = self.given.is_given(SECTION, key);
            if by_key && !is_given {
                let what = format!("promote is key, and {key} is not given");
                self.problem(SECTION, key, &what, &format!("give {example}"));
            } else if !by_key && is_given && !self.given.is_wrong(SECTION, "promote") {
                self.notes.push(format!("{key} is not used: promote is not key"));
            }
        }
    }

    fn refuse(&mut self, role: Role, key: &str, allowed: &str) {
        if self.given.is_given(SECTION, key) {
            let what = format!("not for role {} ({})", role.letter(), role.meaning());
            self.problem(SECTION, key, &what, allowed);
        }
    }

    /// The wait that is given; `None` leaves the role's.
    pub(super) fn wait(&mut self, keys: &PromotionKeys) -> Option<Wait> {
        if self.given.is_given(SECTION, "wait_rounds")
            && self.given.is_given(SECTION, "wait_seconds")
        {
            let what = "wait_rounds and wait_seconds are both given";
            self.problem(SECTION, "wait_seconds", what, "give one of the two");
        }
        if let Some(ms) = keys.wait_ms
            && ms < SHORT_WAIT_MS
        {
            self.notes.push(format!(
                "wait_seconds = {} is less than two rounds of 21 producers (252 seconds): a \
                 producer that missed one turn may be taken for missing",
                ms as f64 / 1_000.0
            ));
        }
        keys.wait_rounds.map(Wait::Rounds).or(keys.wait_ms.map(Wait::Fixed))
    }
}

impl PromotionKeys {
    /// Puts what is given in the place of the role's defaults.
    pub(super) fn apply(&self, promotion: &mut Promotion, wait: Option<Wait>) {
        promotion.wait = wait.unwrap_or(promotion.wait);
        promotion.dry_run = self.dry_run.unwrap_or(promotion.dry_run);
        promotion.verify_rounds = self.verify_rounds.unwrap_or(promotion.verify_rounds);
        promotion.confirm_ticks = self.confirm_ticks.unwrap_or(promotion.confirm_ticks);
        promotion.max_promotions = self.max_promotions.unwrap_or(promotion.max_promotions);
        promotion.budget_window_ms = self.budget_window_ms.unwrap_or(promotion.budget_window_ms);
        promotion.act_timeout_ms = self.act_timeout_ms.unwrap_or(promotion.act_timeout_ms);
        promotion.restart_wait_ms = self.restart_wait_ms.unwrap_or(promotion.restart_wait_ms);
        promotion.require_fence = self.require_fence.unwrap_or(promotion.require_fence);
        promotion.remind_ms = self.remind_ms.unwrap_or(promotion.remind_ms);
    }
}
