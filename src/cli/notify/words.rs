//! What a test says, in the language that is configured.

use crate::core::alarm::language::Language;
use crate::core::alarm::message::MessageKind;

/// The sentences of a test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    begins: &'static str,
    ends: &'static str,
    report: &'static str,
    works: &'static str,
    /// Who sent it.
    pub(super) by_hand: &'static str,
    /// Stands before what could be taken for more than text.
    pub(super) as_text: &'static str,
    /// What to do.
    pub(super) next_step: &'static str,
    /// That it is a test.
    pub(super) mark: &'static str,
}

impl Words {
    /// Those of a language.
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
            Language::Russian => &RUSSIAN,
        }
    }

    /// What a message is about.
    pub(super) const fn title(&self, kind: MessageKind) -> &'static str {
        match kind {
            MessageKind::Raised => self.begins,
            MessageKind::Resolved => self.ends,
            MessageKind::Report => self.report,
            _ => self.works,
        }
    }
}

const ENGLISH: Words = Words {
    begins: "A test: this is how the beginning of an incident looks.",
    ends: "A test: this is how the end of an incident looks.",
    report: "A test: this is how a report looks.",
    works: "A test: this channel works.",
    by_hand: "Sent by hand with `eoskeeper notify --test`; nothing is the matter.",
    as_text: "What could hurt is shown as text:",
    next_step: "Nothing. If you did not expect this, ask who tries the channel.",
    mark: "This is a test.",
};

const CHINESE: Words = Words {
    begins: "测试：事件开始时的消息就是这样。",
    ends: "测试：事件结束时的消息就是这样。",
    report: "测试：报告就是这样。",
    works: "测试：这个渠道可以使用。",
    by_hand: "由人工通过 `eoskeeper notify --test` 发送；没有任何问题。",
    as_text: "可能有害的内容显示为文本：",
    next_step: "无需操作。如果这不在预期之内，请询问是谁在测试这个渠道。",
    mark: "这是一次测试。",
};

const RUSSIAN: Words = Words {
    begins: "Проверка: так выглядит начало инцидента.",
    ends: "Проверка: так выглядит конец инцидента.",
    report: "Проверка: так выглядит отчёт.",
    works: "Проверка: этот канал работает.",
    by_hand: "Отправлено вручную командой `eoskeeper notify --test`; ничего не случилось.",
    as_text: "То, что могло бы навредить, показано как текст:",
    next_step: "Ничего. Если вы этого не ждали, спросите, кто проверяет канал.",
    mark: "Это проверка.",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(language: Language, letter: char) -> bool {
        match language {
            Language::English => letter.is_ascii_alphabetic(),
            Language::Chinese => ('\u{4e00}'..='\u{9fff}').contains(&letter),
            Language::Russian => ('\u{0400}'..='\u{04ff}').contains(&letter),
        }
    }

    #[test]
    fn every_sentence_is_in_its_language() {
        for language in Language::ALL {
            let Words { begins, ends, report, works, by_hand, as_text, next_step, mark } =
                Words::of(language);
            for sentence in [begins, ends, report, works, by_hand, as_text, next_step, mark] {
                assert!(sentence.contains(|c| is_of(language, c)), "{language:?}: {sentence}");
            }
        }
    }
}
