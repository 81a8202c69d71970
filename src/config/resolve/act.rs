//! How nodes are made to produce and to stop, and who may do what.

use super::super::Actuator;
use super::super::kind::is_api;
use super::super::tree::PromotionKeys;
use super::Resolver;
use crate::core::settings::{Promotion, Role, Wait};

const SECTION: &str = "promotion";

/// A fixed wait below two rounds of 21 producers: 2 × 126 s.
const SHORT_WAIT_MS: u64 = 252_000;

/// The ways to act.
#[derive(Debug, Default)]
pub(super) struct Actuators {
    pub(super) promote: Option<Actuator>,
    pub(super) demote: Option<Actuator>,
    pub(super) promote_remote: Option<Actuator>,
}

impl Actuators {
    /// Contradictions are refused before, so that at most one of the two is there.
    pub(super) fn can_promote(&self) -> bool {
        self.promote.is_some() || self.promote_remote.is_some()
    }
}

impl Resolver<'_> {
    pub(super) fn actuators(&mut self, keys: &PromotionKeys, role: Option<Role>) -> Actuators {
        if let Some(role) = role {
            self.check_role(role);
        }
        let actuator = |text: &Option<String>| {
            text.as_deref().map(|text| {
                if is_api(text) { Actuator::Api } else { Actuator::Script(self.base.join(text)) }
            })
        };
        Actuators {
            promote: actuator(&keys.promote),
            demote: actuator(&keys.demote),
            promote_remote: actuator(&keys.promote_remote),
        }
    }

    fn check_role(&mut self, role: Role) {
        match role {
            Role::FirstStandby | Role::SecondStandby => {
                self.refuse(role, "promote_remote", "only role A has it; a standby has promote");
                let given = |key| self.given.is_given(SECTION, key);
                if given("promote") && !given("demote") {
                    let what = "demote is not given: a promotion could not be undone";
                    self.problem(SECTION, "promote", what, "give demote too, for example api");
                }
            }
            Role::Active => {
                let allowed = "only roles B and C promote themselves; role A has promote_remote";
                self.refuse(role, "promote", allowed);
                let given = |key| self.given.is_given(SECTION, key);
                if given("promote_remote") && !given("demote") {
                    let what = "demote is not given: this node must be stopped before another is \
                                promoted";
                    self.problem(
                        SECTION,
                        "promote_remote",
                        what,
                        "give demote too, for example api",
                    );
                }
            }
            Role::Observer => {
                for key in ["promote", "demote", "promote_remote"] {
                    self.refuse(role, key, "it only observes; remove the key or change the role");
                }
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
    }
}
