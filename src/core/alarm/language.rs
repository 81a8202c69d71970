//! The languages people are told in, and the words around every message.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;
use crate::core::alarm::message::MessageKind;

/// A language of `[alarm] language`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Chinese, simplified.
    #[serde(rename = "zh")]
    Chinese,
    /// Russian.
    #[serde(rename = "ru")]
    Russian,
}

/// A word or phrase that channels put around what a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phrase {
    /// Before what was seen.
    Seen,
    /// Before what to do.
    NextStep,
    /// Before the time of the beginning.
    Since,
    /// Before the time of the end.
    Until,
    /// Before how long it lasted.
    Lasted,
    /// Before the node's name.
    Node,
    /// Before the producer's name.
    Producer,
    /// Before the chain.
    Chain,
    /// Before the incident's id.
    Incident,
    /// Before the number of a reminder.
    Reminder,
    /// Before what holds of the whole message, such as maintenance.
    Note,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::English, Self::Chinese, Self::Russian];

    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
            Self::Russian => "ru",
        }
    }

    /// A phrase in this language.
    #[must_use]
    pub const fn phrase(self, phrase: Phrase) -> &'static str {
        let [english, chinese, russian] = match phrase {
            Phrase::Seen => ["Seen", "现象", "Что видно"],
            Phrase::NextStep => ["Next step", "下一步", "Что делать"],
            Phrase::Since => ["Since", "开始", "С"],
            Phrase::Until => ["Until", "结束", "До"],
            Phrase::Lasted => ["Lasted", "持续", "Длилось"],
            Phrase::Node => ["Node", "节点", "Узел"],
            Phrase::Producer => ["Producer", "出块者", "Продюсер"],
            Phrase::Chain => ["Chain", "链", "Сеть"],
            Phrase::Incident => ["Incident", "事件", "Инцидент"],
            Phrase::Reminder => ["Reminder", "提醒", "Напоминание"],
            Phrase::Note => ["Note", "备注", "Примечание"],
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Russian => russian,
        }
    }

    /// A severity as a person reads it.
    #[must_use]
    pub const fn severity(self, severity: Severity) -> &'static str {
        let [english, chinese, russian] = match severity {
            Severity::Page => ["PAGE", "紧急", "СРОЧНО"],
            Severity::Warn => ["WARNING", "警告", "ВНИМАНИЕ"],
            Severity::Info => ["INFO", "信息", "ИНФО"],
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Russian => russian,
        }
    }

    /// A message's kind as a person reads it.
    #[must_use]
    pub const fn kind(self, kind: MessageKind) -> &'static str {
        let [english, chinese, russian] = match kind {
            MessageKind::Raised => ["begins", "开始", "началось"],
            MessageKind::Reminder => ["goes on", "仍在持续", "продолжается"],
            MessageKind::Changed => ["changed", "有变化", "изменилось"],
            MessageKind::Resolved => ["is over", "已恢复", "закончилось"],
            MessageKind::Told => ["notice", "通知", "сообщение"],
            MessageKind::Report => ["report", "报告", "отчёт"],
            MessageKind::Summary => ["summary", "汇总", "сводка"],
            MessageKind::Test => ["test", "测试", "проверка"],
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Russian => russian,
        }
    }
}
