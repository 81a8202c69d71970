//! From an incident to the message about it.

use crate::core::action::{Maintenance, Notice, Severity};
use crate::core::alarm::incident::Incident;
use crate::core::alarm::language::Language;
use crate::core::alarm::marks;
use crate::core::alarm::message::{
    MESSAGE_VERSION, Message, MessageKind, PROOF_MAX, PictureKind, SENTENCE_BYTES_MAX,
};
use crate::core::alarm::texts;
use crate::core::name::Name;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// Who speaks: the same in every message of a keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Name of this node among ours.
    pub node: String,
    /// What it is for.
    pub role: Role,
    /// The producer.
    pub producer: Name,
    /// What people are told in.
    pub language: Language,
}

/// What holds of every message of a tick.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// Chain id, where it is known.
    pub chain_id: Option<&'a str>,
    /// The maintenance that runs.
    pub maintenance: Option<&'a Maintenance>,
    /// Whether the keeper only says what it would do.
    pub dry_run: bool,
}

impl Speaker {
    /// A message about an incident.
    #[must_use]
    pub fn about(
        &self,
        incident: &Incident,
        kind: MessageKind,
        now: Timestamp,
        around: &Circumstances<'_>,
    ) -> Message {
        let lead = incident.lead();
        let [mut title, mut next_step] = texts::of(self.language, &lead.cause, &lead.subject)
            .unwrap_or_else(|| [lead.meaning.clone(), lead.next_step.clone()]);
        if kind == MessageKind::Resolved {
            let ended = incident.ended.unwrap_or(now);
            let ms = u64::try_from(ended.since_ms(incident.began)).unwrap_or(0);
            let length = self.language.duration(ms);
            title = format!("{title} {}", texts::lasted(self.language, &length));
            next_step.clear();
        }
        Message {
            id: format!("{}#{}", incident.id, incident.messages),
            incident: incident.id.clone(),
            cause: lead.key(),
            title: fit(&title),
            proof: proof(incident, self.language),
            next_step: fit(&next_step),
            marks: marks(incident, around, self.language),
            began: incident.began,
            ended: incident.ended,
            reminder: incident.reminders,
            first_told_as: incident.first_told_as,
            pictures: pictures(&lead.cause),
            ..self.bare(kind, incident.severity, now, around)
        }
    }

    /// A message about something that happened and has no end; `incident` is the one it belongs to.
    #[must_use]
    pub fn told(
        &self,
        notice: &Notice,
        number: u32,
        incident: &str,
        around: &Circumstances<'_>,
    ) -> Message {
        let time: String = notice.at.to_string().chars().filter(char::is_ascii_digit).collect();
        // In another language the sentence itself becomes the proof.
        let (title, next_step, proof) = match texts::of(self.language, &notice.key, "") {
            Some([title, next_step]) => (title, next_step, vec![fit(&notice.text)]),
            None => (notice.text.clone(), notice.next_step.clone(), Vec::new()),
        };
        Message {
            id: format!("{time}-{}#{number}", notice.key),
            incident: incident.to_owned(),
            cause: notice.key.clone(),
            title: fit(&title),
            proof,
            next_step: fit(&next_step),
            marks: common_marks(around, self.language),
            pictures: pictures(&notice.key),
            ..self.bare(MessageKind::Told, notice.severity, notice.at, around)
        }
    }

    /// A message that says nothing yet.
    #[must_use]
    pub fn bare(
        &self,
        kind: MessageKind,
        severity: Severity,
        at: Timestamp,
        around: &Circumstances<'_>,
    ) -> Message {
        Message {
            version: MESSAGE_VERSION,
            id: String::new(),
            kind,
            severity,
            first_told_as: None,
            incident: String::new(),
            cause: String::new(),
            title: String::new(),
            proof: Vec::new(),
            next_step: String::new(),
            marks: Vec::new(),
            node: self.node.clone(),
            role: self.role,
            producer: self.producer,
            chain_id: around.chain_id.map(str::to_owned),
            at,
            began: at,
            ended: None,
            reminder: 0,
            pictures: Vec::new(),
            language: self.language,
        }
    }
}

/// What was seen: the cause as it is, the others with their names, those that fire first.
fn proof(incident: &Incident, language: Language) -> Vec<String> {
    let (lead, others) =
        incident.findings.split_first().map_or((None, &[][..]), |(l, o)| (Some(l), o));
    let mut lines: Vec<String> = lead.map(|lead| fit(&lead.saw)).into_iter().collect();
    let (firing, over): (Vec<_>, Vec<_>) = others.iter().partition(|finding| finding.fires);
    let firing = firing.iter().map(|f| fit(&format!("{}: {}", f.key(), f.saw)));
    let over = over.iter().map(|f| fit(&format!("{} (over): {}", f.key(), f.saw)));
    lines.extend(firing.chain(over));
    let hidden = lines.len().saturating_sub(PROOF_MAX - 1) + incident.more as usize;
    if hidden > 1 {
        lines.truncate(PROOF_MAX - 1);
        lines.push(marks::and_more(language, hidden));
    }
    lines
}

fn marks(incident: &Incident, around: &Circumstances<'_>, language: Language) -> Vec<String> {
    let mut all = common_marks(around, language);
    if let Some(whole) = &incident.part_of {
        all.push(marks::part_of(language, whole));
    } else if let Some(quiet) = &incident.quiet {
        all.push(fit(&marks::held_back(language, quiet)));
    }
    all
}

fn common_marks(around: &Circumstances<'_>, language: Language) -> Vec<String> {
    let maintenance =
        around.maintenance.map(|m| fit(&marks::maintenance(language, m.until, &m.reason)));
    let dry_run = around.dry_run.then(|| marks::dry_run(language).to_owned());
    maintenance.into_iter().chain(dry_run).collect()
}

/// Which pictures show a cause.
fn pictures(cause: &str) -> Vec<PictureKind> {
    match cause {
        cause if cause.starts_with("host_") => vec![PictureKind::Host],
        cause if cause.starts_with("pool_") => vec![PictureKind::Pool],
        "behind_references"
        | "forked_from_references"
        | "head_stalled"
        | "lib_stalled"
        | "alone" => {
            vec![PictureKind::Lag]
        }
        "producer_missing" | "production_skipped" | "duplicate_production" | "missed_blocks" => {
            vec![PictureKind::Slots, PictureKind::Lag]
        }
        "api_down" | "database_fault" => vec![PictureKind::Host, PictureKind::Lag],
        _ => Vec::new(),
    }
}

/// Cuts a sentence at [`SENTENCE_BYTES_MAX`], at a character.
#[must_use]
pub fn fit(text: &str) -> String {
    if text.len() <= SENTENCE_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=SENTENCE_BYTES_MAX - 3).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or(0)])
}
