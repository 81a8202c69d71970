//! The languages people are told in, and the words around every message.

use serde::{Deserialize, Serialize};

use crate::core::action::Severity;
use crate::core::alarm::message::MessageKind;
use crate::core::time::Human;

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
    /// After how many more sentences there are than fit.
    More,
    /// What the keeper's state is called in a list of commands.
    AskStatus,
    /// What the reasons for a decision are called there.
    AskWhy,
    /// What the report of the last hour is called there.
    AskHour,
    /// What the report of the last day is called there.
    AskDay,
    /// What the report of the last week is called there.
    AskWeek,
    /// What the list of incidents is called there.
    AskIncidents,
    /// What keeping quiet for some time is called there.
    AskSilence,
    /// What the list of commands is called there.
    AskHelp,
    /// That this keeper cannot answer.
    Unavailable,
    /// That the answer took too long.
    TooSlow,
    /// That a command is not known.
    UnknownCommand,
    /// How a silence is ordered.
    SilenceUsage,
    /// That no rule fires.
    NothingFires,
    /// Before the head block.
    Head,
    /// Before the last irreversible block.
    Irreversible,
    /// Before our producer's last block.
    LastBlock,
    /// After how long ago something was.
    Ago,
    /// That nothing of it was seen yet.
    NotSeen,
    /// Before how many references agree.
    References,
    /// Before the rules that fire.
    Findings,
    /// Before the gates.
    Gates,
    /// Before the time of the judgement.
    Judged,
    /// Before why the node's RPC does not answer.
    RpcSilent,
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
            Phrase::More => ["more", "条未显示", "ещё"],
            Phrase::AskStatus => ["how it stands", "当前状态", "как обстоят дела"],
            Phrase::AskWhy => ["why it decides so", "决定的原因", "почему так решено"],
            Phrase::AskHour => ["the last hour", "最近一小时", "последний час"],
            Phrase::AskDay => ["the last day", "最近一天", "последние сутки"],
            Phrase::AskWeek => ["the last week", "最近一周", "последняя неделя"],
            Phrase::AskIncidents => ["what stands now", "当前事件", "что сейчас не в порядке"],
            Phrase::AskSilence => {
                ["no alarms for a while", "暂停告警", "не тревожить какое-то время"]
            }
            Phrase::AskHelp => ["the commands", "命令列表", "список команд"],
            Phrase::Unavailable => [
                "This keeper cannot answer that: the part it comes from does not run here.",
                "此守护进程无法回答：相应的部分未在此运行。",
                "Этот сторож не может ответить: нужная часть здесь не работает.",
            ],
            Phrase::TooSlow => [
                "The answer takes too long. Ask again in a minute.",
                "回答超时，请一分钟后再试。",
                "Ответ готовится слишком долго. Спросите через минуту.",
            ],
            Phrase::UnknownCommand => {
                ["That is no command of mine.", "没有这个命令。", "Такой команды нет."]
            }
            Phrase::SilenceUsage => [
                "Write how long, and perhaps which cause: /silence 30m or /silence 2h api_down. \
                 From 1 minute to 7 days.",
                "请写明时长，可加原因：/silence 30m 或 /silence 2h api_down。1 分钟至 7 天。",
                "Напишите, на сколько, и при желании причину: /silence 30m или \
                 /silence 2h api_down. От 1 минуты до 7 дней.",
            ],
            Phrase::NothingFires => ["No finding.", "没有异常。", "Замечаний нет."],
            Phrase::Head => ["Head", "最新区块", "Головной блок"],
            Phrase::Irreversible => ["Irreversible", "不可逆区块", "Необратимый блок"],
            Phrase::LastBlock => ["Our last block", "我方最近区块", "Наш последний блок"],
            Phrase::Ago => ["ago", "前", "назад"],
            Phrase::NotSeen => ["none seen yet", "尚未见到", "ещё не было"],
            Phrase::References => ["References that agree", "一致的参考节点", "Согласных узлов"],
            Phrase::Findings => ["Findings", "异常", "Замечания"],
            Phrase::Gates => ["Gates before a promotion", "晋升前的条件", "Условия перед запуском"],
            Phrase::Judged => ["Judged", "判定时间", "Решено"],
            Phrase::RpcSilent => ["The RPC does not answer", "RPC 无响应", "RPC не отвечает"],
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
            Self::Russian => russian,
        }
    }

    /// A duration as a person reads it, of at most two units: `4 min 20 s`, `4 分 20 秒`.
    #[must_use]
    pub fn duration(self, ms: u64) -> String {
        let units = match self {
            Self::English => return Human(ms).to_string(),
            Self::Chinese => ["天", "小时", "分", "秒"],
            Self::Russian => ["д", "ч", "мин", "с"],
        };
        let seconds = ms / 1_000;
        let counts = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60];
        let first = counts.iter().position(|&count| count > 0).unwrap_or(3);
        let parts = counts.iter().zip(units).skip(first).take(2).filter(|(count, _)| **count > 0);
        let words: Vec<String> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
        if words.is_empty() { format!("0 {}", units[3]) } else { words.join(" ") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_units_of_their_language() {
        for (ms, expected) in [
            (0, ["0 ms", "0 秒", "0 с"]),
            (260_000, ["4 min 20 s", "4 分 20 秒", "4 мин 20 с"]),
            (3_600_000, ["1 h", "1 小时", "1 ч"]),
            (3_605_000, ["1 h", "1 小时", "1 ч"]),
            (187_200_000, ["2 d 4 h", "2 天 4 小时", "2 д 4 ч"]),
        ] {
            assert_eq!(Language::ALL.map(|language| language.duration(ms)), expected, "{ms}");
        }
    }
}
