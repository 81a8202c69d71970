//! What is said beside what a cause means, in each language: the marks on a message, the summary of
//! what a channel missed, and what our neighbours do.

use std::fmt::Display;

use crate::core::alarm::language::Language;
use crate::core::alarm::neighbours::Neighbours;
use crate::core::name::Name;
use crate::core::time::Timestamp;

/// That a maintenance runs.
#[must_use]
pub fn maintenance(language: Language, until: Timestamp, reason: &str) -> String {
    match language {
        Language::English => format!("maintenance until {until}: {reason}"),
        Language::Chinese => format!("维护中，至 {until}：{reason}"),
        Language::Russian => format!("работы до {until}: {reason}"),
    }
}

/// That the keeper only says what it would do.
#[must_use]
pub const fn dry_run(language: Language) -> &'static str {
    match language {
        Language::English => "dry run: nothing is done",
        Language::Chinese => "演练模式：不执行任何操作",
        Language::Russian => "пробный режим: ничего не делается",
    }
}

/// That an incident turned out to be part of another.
#[must_use]
pub fn part_of(language: Language, whole: &str) -> String {
    match language {
        Language::English => format!("it is part of incident {whole}, which goes on"),
        Language::Chinese => format!("属于仍在持续的事件 {whole}"),
        Language::Russian => format!("это часть инцидента {whole}, который продолжается"),
    }
}

/// That nobody was told until now, and why.
#[must_use]
pub fn held_back(language: Language, why: &str) -> String {
    match language {
        Language::English => format!("held back: {why}"),
        Language::Chinese => format!("曾暂不通知：{why}"),
        Language::Russian => format!("придержано: {why}"),
    }
}

/// That a message comes late.
#[must_use]
pub fn late(language: Language, ms: u64) -> String {
    let late = language.duration(ms);
    match language {
        Language::English => format!("delivered {late} late"),
        Language::Chinese => format!("延迟 {late}送达"),
        Language::Russian => format!("доставлено с опозданием {late}"),
    }
}

/// That the pictures come after the message.
#[must_use]
pub const fn picture_follows(language: Language) -> &'static str {
    match language {
        Language::English => "the picture is still being drawn, and follows",
        Language::Chinese => "图片仍在绘制，随后发送",
        Language::Russian => "рисунок ещё готовится и придёт следом",
    }
}

/// That the message leaves without its pictures.
#[must_use]
pub const fn picture_left_out(language: Language) -> &'static str {
    match language {
        Language::English => "without its picture: drawing takes too long",
        Language::Chinese => "未附图片：绘制用时过长",
        Language::Russian => "без рисунка: он готовится слишком долго",
    }
}

/// How many messages a channel missed, about how many incidents, and how long ago the first was.
#[must_use]
pub fn missed(language: Language, messages: usize, incidents: usize, ago_ms: u64) -> String {
    let ago = language.duration(ago_ms);
    match language {
        Language::English => format!(
            "This channel missed {messages} messages about {incidents} incidents while it could \
             not be reached, the first {ago} ago."
        ),
        Language::Chinese => format!(
            "此渠道无法送达期间错过了关于 {incidents} 个事件的 {messages} 条消息，最早的在 {ago}前。"
        ),
        Language::Russian => format!(
            "Пока канал был недоступен, он пропустил сообщений: {messages}, инцидентов: {incidents}; \
             первое {ago} назад."
        ),
    }
}

/// Where what was missed is found.
#[must_use]
pub const fn missed_step(language: Language) -> &'static str {
    match language {
        Language::English => "See `eoskeeper incidents` for what happened meanwhile.",
        Language::Chinese => "请用 `eoskeeper incidents` 查看期间发生的事件。",
        Language::Russian => "Что было за это время, покажет `eoskeeper incidents`.",
    }
}

/// That an incident was over, and when; or that it was not.
#[must_use]
pub fn over(language: Language, at: Option<Timestamp>) -> String {
    match (language, at) {
        (Language::English, Some(at)) => format!("over at {at}"),
        (Language::English, None) => "not over then".to_owned(),
        (Language::Chinese, Some(at)) => format!("已于 {at} 恢复"),
        (Language::Chinese, None) => "当时仍在持续".to_owned(),
        (Language::Russian, Some(at)) => format!("закончилось в {at}"),
        (Language::Russian, None) => "тогда ещё продолжалось".to_owned(),
    }
}

/// How many more there are than are shown.
#[must_use]
pub fn and_more(language: Language, count: impl Display) -> String {
    match language {
        Language::English => format!("and {count} more"),
        Language::Chinese => format!("另有 {count} 项"),
        Language::Russian => format!("и ещё {count}"),
    }
}

/// What those next to us in the schedule do.
#[must_use]
pub fn neighbours(language: Language, near: &Neighbours) -> String {
    let list =
        |names: &[Name], and| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(and);
    let (all, missing) = (&near.names, &near.missing);
    match (language, missing.is_empty(), near.miss_too()) {
        (Language::English, ..) => near.sentence(),
        (Language::Chinese, true, _) => {
            format!("只有我们没有出块：相邻的 {} 在出块", list(all, "、"))
        }
        (Language::Chinese, _, true) => format!("相邻的 {} 也没有出块", list(missing, "、")),
        (Language::Chinese, ..) => {
            format!("相邻的 {} 也没有出块，另一个在出块", list(missing, "、"))
        }
        (Language::Russian, true, _) => {
            format!("Пропускаем только мы: соседи {} подписывают", list(all, " и "))
        }
        (Language::Russian, _, true) => {
            format!("Соседи {} тоже пропускают", list(missing, " и "))
        }
        (Language::Russian, ..) => {
            format!("Сосед {} тоже пропускает, другой подписывает", list(missing, " и "))
        }
    }
}
