//! The words of a report, in each language.

use crate::core::alarm::language::Language;

/// A word or phrase of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Report,
    NoTurn,
    TurnsMet,
    SlotsMet,
    Late,
    Unknown,
    Lost,
    Missed,
    Forked,
    NoSample,
    Lag,
    LagFigures,
    Cpu,
    Memory,
    Swap,
    Disk,
    Peak,
    Incidents,
    NoIncident,
    Stands,
    Acts,
    NoAct,
}

impl Text {
    pub(super) const fn of(self, language: Language) -> &'static str {
        let [english, chinese, russian] = match self {
            Self::Report => ["report", "报告", "отчёт"],
            Self::NoTurn => [
                "No turn of ours was settled in this time",
                "本时段没有已确定的出块轮次",
                "За это время ни одна наша очередь не завершена",
            ],
            Self::TurnsMet => ["Turns with every block", "完整出块的轮次", "Очереди без потерь"],
            Self::SlotsMet => ["Slots met", "已出块的时隙", "Выполненные слоты"],
            Self::Late => ["Late blocks", "迟到的区块", "Опоздавшие блоки"],
            Self::Unknown => ["Slots not known", "情况不明的时隙", "Слоты без данных"],
            Self::Lost => ["Blocks lost", "丢失的区块", "Потерянные блоки"],
            Self::Missed => ["missed", "漏块", "пропущено"],
            Self::Forked => ["forked off", "被分叉丢弃", "отброшено форком"],
            Self::NoSample => [
                "Nothing was measured in this time",
                "本时段没有测量数据",
                "За это время нет измерений",
            ],
            Self::Lag => [
                "Blocks behind the references",
                "落后参考节点的区块数",
                "Отставание от эталонов, блоков",
            ],
            Self::LagFigures => {
                ["best, median, worst", "最好、中位、最差", "лучшее, медиана, худшее"]
            }
            Self::Cpu => ["CPU", "CPU", "Процессор"],
            Self::Memory => ["Memory", "内存", "Память"],
            Self::Swap => ["Swap", "交换区", "Подкачка"],
            Self::Disk => ["Disk", "磁盘", "Диск"],
            Self::Peak => ["peak", "峰值", "пик"],
            Self::Incidents => ["Incidents", "事件", "Инциденты"],
            Self::NoIncident => ["No incident", "无事件", "Инцидентов нет"],
            Self::Stands => ["goes on", "仍在持续", "продолжается"],
            Self::Acts => ["Acts", "操作", "Действия"],
            Self::NoAct => [
                "No promotion, handover or stop",
                "没有切换、移交或停止操作",
                "Переключений, передач и остановок не было",
            ],
        };
        match language {
            Language::English => english,
            Language::Chinese => chinese,
            Language::Russian => russian,
        }
    }
}
