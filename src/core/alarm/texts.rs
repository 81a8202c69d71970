//! The one table of texts: what each cause means and what to do about it, in Chinese and Russian.
//! English is what the rules themselves say. What was seen is not translated: it is quoted from
//! nodeos, from the system and from services, and is what a person searches for.

use crate::core::alarm::language::Language;

/// What a cause means and what to do, in Chinese and in Russian. `{}` stands for the subject.
struct Text {
    cause: &'static str,
    chinese: [&'static str; 2],
    russian: [&'static str; 2],
}

/// What a cause means, and what to do; `None` where the language is English or the cause has no
/// text, and the message keeps its own words.
#[must_use]
pub fn of(language: Language, cause: &str, subject: &str) -> Option<[String; 2]> {
    let text = TEXTS.iter().find(|text| text.cause == cause)?;
    let both = match language {
        Language::English => return None,
        Language::Chinese => text.chinese,
        Language::Russian => text.russian,
    };
    Some(both.map(|sentence| sentence.replace("{}", subject)))
}

/// How long something lasted, as a sentence.
#[must_use]
pub fn lasted(language: Language, length: &str) -> String {
    match language {
        Language::English => format!("It lasted {length}."),
        Language::Chinese => format!("持续了 {length}。"),
        Language::Russian => format!("Это длилось {length}."),
    }
}

/// Every cause that has a text.
pub fn causes() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|text| text.cause)
}

macro_rules! texts {
    ($($cause:literal zh $zh:literal, $zh_next:literal; ru $ru:literal, $ru_next:literal;)+) => {
        const TEXTS: &[Text] = &[$(Text {
            cause: $cause,
            chinese: [$zh, $zh_next],
            russian: [$ru, $ru_next],
        }),+];
    };
}

texts! {
    "api_down"
        zh "节点的 RPC 连续多次没有给出可用的应答。", "请检查 nodeos 是否在运行，以及是否在 http-server-address 上应答。";
        ru "RPC узла несколько раз подряд не дал пригодного ответа.", "Проверьте, работает ли nodeos и отвечает ли он на http-server-address.";
    "api_few_producers"
        zh "轮询到的头区块来自过少的出块者。", "请与链上其他节点比较头区块：本节点可能在少数分叉上。";
        ru "Головные блоки при опросе пришли от слишком малого числа продюсеров.", "Сравните головной блок с другим узлом сети: этот узел может быть на форке меньшинства.";
    "head_stalled"
        zh "头区块不再前进。", "请查询链上其他节点的头区块：如果那里在前进，请检查本节点的对等连接。";
        ru "Головной блок не двигается.", "Спросите головной блок у другого узла: если там он движется, проверьте пиров этого узла.";
    "lib_stalled"
        zh "最后不可逆区块不再前进。", "请与其他节点比较最后不可逆区块：认可本分支的出块者过少。";
        ru "Последний необратимый блок не двигается.", "Сравните последний необратимый блок с другим узлом: с этой веткой согласно слишком мало продюсеров.";
    "log_silent"
        zh "日志中没有任何新行。", "请检查 log_file 或 c_name 是否仍指向 nodeos 所写的日志。";
        ru "В журнале нет ни одной новой строки.", "Проверьте, указывает ли log_file или c_name на журнал, который пишет nodeos.";
    "log_deaf"
        zh "头区块在前进，但日志中没有能识别的区块。", "请查看最后一条未识别的行：日志级别可能隐藏了区块，或者格式是新的。";
        ru "Голова движется, но в журнале нет ни одного понятного блока.", "Посмотрите последнюю непонятую строку: уровень журнала может скрывать блоки, или формат новый.";
    "no_block_received"
        zh "日志中没有其他节点的区块。", "请检查节点的对等连接：它可能已与网络断开。";
        ru "В журнале нет блоков других узлов.", "Проверьте пиров узла: он может быть отрезан.";
    "log_few_producers"
        zh "日志中的区块来自过少的出块者。", "请与链上其他节点比较头区块：本节点可能在少数分叉上。";
        ru "Блоки в журнале пришли от слишком малого числа продюсеров.", "Сравните головной блок с другим узлом сети: этот узел может быть на форке меньшинства.";
    "missed_blocks"
        zh "节点一再报告大量丢失的区块（DAWN）。", "请与链上其他节点比较头区块。";
        ru "Узел снова и снова сообщает о многих пропущенных блоках (DAWN).", "Сравните головной блок с другим узлом сети.";
    "fork_switch"
        zh "节点离开了一个分支并撤回了多个区块。", "请查看被撤回的是哪些出块者的区块：他们之间可能已断开。";
        ru "Узел покинул ветку и откатил несколько блоков.", "Посмотрите, чьи блоки откатились: эти продюсеры могут быть отрезаны друг от друга.";
    "block_rejected"
        zh "节点以无效为由拒绝了许多区块。", "请与其他出块者比较 nodeos 版本和协议特性。";
        ru "Узел отвергает много блоков как недействительные.", "Сравните версии nodeos и возможности протокола с другими продюсерами.";
    "unlinkable"
        zh "节点无法把许多区块连接到自己的链上。", "请与其他节点比较头区块：本节点可能在自己的分叉上；重启可能解决。";
        ru "Узел не может присоединить много блоков к своей цепи.", "Сравните головной блок с другим узлом: этот может быть на своём форке; может помочь перезапуск.";
    "peers_low"
        zh "已连接的对等节点过少。", "请检查 p2p-peer-address 和防火墙。";
        ru "Подключено слишком мало пиров.", "Проверьте p2p-peer-address и брандмауэр.";
    "behind_references"
        zh "头区块远远落后于链上其他节点。", "请检查本节点的对等连接和负载：它已断开或太慢。";
        ru "Голова сильно отстаёт от других узлов сети.", "Проверьте пиров и нагрузку узла: он отрезан или слишком медленный.";
    "forked_from_references"
        zh "链上其他节点有不同的不可逆区块：本节点在自己的分叉上。", "不要让本节点签名；如果它不能自行恢复，请用快照重启。";
        ru "У других узлов другой необратимый блок: этот узел на своём форке.", "Не давайте узлу подписывать; если он не вернётся сам, перезапустите его со снимка.";
    "producer_missing"
        zh "我们的出块者超过本角色的等待时间没有出块。", "请检查应当签名的节点是否在运行、已同步且未暂停；否则提升备用节点。";
        ru "Блока нашего продюсера не видно дольше, чем ждёт эта роль.", "Проверьте, работает ли подписывающий узел, синхронен ли он и не на паузе; иначе повысьте резервный.";
    "production_skipped"
        zh "本节点应当签名，并说明了为何不签。", "请排除 nodeos 所说的原因，或交接给备用节点。";
        ru "Этот узел должен подписывать и говорит, почему не подписывает.", "Устраните причину, которую назвал nodeos, или передайте резервному узлу.";
    "not_scheduled"
        zh "我们的出块者不在当前的出块名单中。", "在链重新选出该出块者之前无需签名。";
        ru "Нашего продюсера нет в действующем расписании.", "Подписывать нечего, пока сеть снова не выберет продюсера.";
    "standby_unpaused"
        zh "本备用节点能够签名，但没有人提升过它。", "请暂停它并以 pause-on-startup 启动其 nodeos，否则会有两个节点签名。";
        ru "Этот резервный узел может подписывать, хотя его никто не повышал.", "Поставьте его на паузу и запускайте nodeos с pause-on-startup, иначе подпишут двое.";
    "wrong_producer"
        zh "本节点以不属于我们的名字签名。", "请检查 nodeos 的 config.ini 中的 producer-name 和 eoskeeper 的 producer_name。";
        ru "Этот узел подписывает не нашим именем.", "Проверьте producer-name в config.ini nodeos и producer_name в eoskeeper.";
    "duplicate_production"
        zh "我们的名字被两个节点签名。", "请立即暂停其中一个节点，然后查明是谁提升了它。";
        ru "Нашим именем подписали два узла.", "Немедленно поставьте один из двух на паузу, затем выясните, кто его повысил.";
    "alone"
        zh "整整一轮只有我们的新区块：本节点已断开，或链已停止。", "请查询链上其他节点的头区块；如果那里在前进，请暂停本节点。";
        ru "Целый раунд все новые блоки были нашими: узел отрезан или сеть стоит.", "Спросите голову у другого узла; если там она движется, поставьте этот узел на паузу.";
    "clock_skew"
        zh "收到来自未来的区块：本机时钟落后，或另一出块者的时钟超前。", "请检查 chrony 或 systemd-timesyncd 的状态。";
        ru "Приходят блоки из будущего: часы этого хоста отстают или часы другого продюсера спешат.", "Проверьте состояние chrony или systemd-timesyncd.";
    "finality"
        zh "缺少投票或法定证书。", "请检查本节点的 finalizer 密钥是否有效，以及 vote-threads 是否不为 0。";
        ru "Не хватает голосов или сертификатов кворума.", "Проверьте, действует ли ключ финализатора этого узла и не равен ли vote-threads нулю.";
    "database_fault"
        zh "nodeos 报告其数据库已脏、已满或损坏。", "请释放空间或增大 chain-state-db-size-mb；脏数据库需要重放或快照。";
        ru "nodeos сообщает, что база данных грязная, полная или повреждена.", "Освободите место или увеличьте chain-state-db-size-mb; грязной базе нужен replay или снимок.";
    "host_cpu"
        zh "本机处理器持续繁忙。", "请查看哪个进程在占用处理器：nodeos 可能来不及处理区块。";
        ru "Процессоры этого хоста постоянно заняты.", "Посмотрите, какой процесс занимает процессор: nodeos может не успевать.";
    "host_memory"
        zh "本机内存即将用尽。", "请查看哪个进程占用内存；内存用尽时系统会结束 nodeos。";
        ru "Память этого хоста почти исчерпана.", "Посмотрите, какой процесс занимает память; при её нехватке система завершит nodeos.";
    "host_swap"
        zh "本机大量使用交换空间。", "nodeos 的状态应当在内存中：请增加内存或减少其他进程。";
        ru "Хост сильно использует подкачку.", "Состояние nodeos должно быть в памяти: добавьте память или уберите другие процессы.";
    "host_disk"
        zh "磁盘即将写满。", "请在写满之前释放或增加空间：磁盘写满会损坏 nodeos 的数据库。";
        ru "Диск почти заполнен.", "Освободите или добавьте место заранее: полный диск портит базу nodeos.";
    "host_disk_full"
        zh "磁盘几乎没有剩余空间。", "请立即释放空间：nodeos 会停止，其数据库可能损坏。";
        ru "На диске почти не осталось места.", "Немедленно освободите место: nodeos остановится, а база может быть повреждена.";
    "host_open_files"
        zh "nodeos 打开的文件接近上限。", "请提高 nodeos 的打开文件数上限（LimitNOFILE）。";
        ru "nodeos открыл почти столько файлов, сколько разрешено.", "Увеличьте предел открытых файлов nodeos (LimitNOFILE).";
    "host_clock"
        zh "本机时钟与参考节点不一致。", "请检查 chrony 或 systemd-timesyncd 的状态。";
        ru "Часы этого хоста расходятся с часами опорных узлов.", "Проверьте состояние chrony или systemd-timesyncd.";
    "channel_failing"
        zh "通知渠道 {} 无法送达。", "请运行 `eoskeeper notify --test {}`。";
        ru "Канал {} ничего не доставляет.", "Попробуйте `eoskeeper notify --test {}`.";
    "config_refused"
        zh "新的配置被拒绝，原有配置继续生效。", "请运行 `eoskeeper check`，改正所列问题，然后运行 `eoskeeper reload`。";
        ru "Новая конфигурация отклонена, действует прежняя.", "Запустите `eoskeeper check`, исправьте перечисленное, затем `eoskeeper reload`.";
    "member_offline"
        zh "看守程序 {} 不再报告。", "请检查其主机和网络，以及那里的 eoskeeper 是否在运行。";
        ru "Сторож {} больше не сообщает о себе.", "Проверьте его хост и сеть и работает ли там eoskeeper.";
    "fleet_silent"
        zh "大多数成员同时不再报告：它们停机，或者本机与它们断开。", "请先检查本机能否访问外部网络，然后运行 `eoskeeper fleet`。";
        ru "Большинство участников замолчали одновременно: они не работают, или отрезан сам этот хост.", "Сначала проверьте, доступна ли этому хосту внешняя сеть; затем `eoskeeper fleet`.";
    "pool_unreachable"
        zh "矿池的接口没有给出可用的应答。", "请检查 [pool] 的 url 和账户，以及矿池的状态页。";
        ru "API пула не даёт пригодного ответа.", "Проверьте url и учётную запись в [pool] и страницу состояния пула.";
    "pool_workers_offline"
        zh "有矿机不再工作。", "请检查这些矿机的电源和网络。";
        ru "Часть воркеров пула молчит.", "Проверьте питание и сеть этих воркеров.";
    "pool_hashrate_low"
        zh "总算力低于下限。", "请检查哪些矿机变慢或离线。";
        ru "Суммарный хешрейт ниже порога.", "Посмотрите, какие воркеры замедлились или отключены.";
    "promoted"
        zh "本节点已被提升，并已由链上的区块证实在签名。", "请查明为何需要提升。";
        ru "Этот узел повышен, и блоки в сети доказывают, что он подписывает.", "Выясните, почему это понадобилось.";
    "armed"
        zh "本节点已恢复签名。", "无需操作。";
        ru "Этот узел снова подписывает.", "Делать ничего не нужно.";
    "handed_over"
        zh "本节点已把出块权交接给备用节点。", "请修复本节点，然后用 `eoskeeper failback` 交还。";
        ru "Этот узел передал производство блоков резервному.", "Почините узел, затем верните производство командой `eoskeeper failback`.";
    "promotion_undone"
        zh "提升已被撤销。", "请在本节点和其他节点上运行 `eoskeeper status --why`。";
        ru "Повышение отменено.", "Запустите `eoskeeper status --why` на этом и других узлах.";
    "promotion_refused"
        zh "提升被拒绝。", "请在本节点和其他节点上运行 `eoskeeper status --why`。";
        ru "В повышении отказано.", "Запустите `eoskeeper status --why` на этом и других узлах.";
    "promotion_ended"
        zh "被提升的节点不再签名。", "请在本节点和其他节点上运行 `eoskeeper status --why`。";
        ru "Повышенный узел больше не подписывает.", "Запустите `eoskeeper status --why` на этом и других узлах.";
    "promotion_called_off"
        zh "提升被取消。", "无需操作。";
        ru "Повышение отозвано.", "Делать ничего не нужно.";
    "handover_failed"
        zh "交接失败。", "请在本节点和其他节点上运行 `eoskeeper status --why`。";
        ru "Передача не удалась.", "Запустите `eoskeeper status --why` на этом и других узлах.";
    "handover_no_taker"
        zh "没有备用节点接手。", "请立即检查备用节点：现在没有人签名。";
        ru "Ни один резервный узел не принял производство.", "Немедленно проверьте резервные узлы: сейчас не подписывает никто.";
    "handover_not_fenced"
        zh "不能确定旧节点已停止，因此没有交接。", "请确保本节点已停止，然后提升备用节点。";
        ru "Не доказано, что старый узел остановлен, поэтому передачи не было.", "Убедитесь, что узел остановлен, затем повысьте резервный.";
    "handover_ended"
        zh "接手的节点不再签名。", "请在各节点上运行 `eoskeeper status --why`。";
        ru "Принявший узел больше не подписывает.", "Запустите `eoskeeper status --why` на узлах.";
    "stepping_down"
        zh "本节点正在停止签名。", "请在本节点和其他节点上运行 `eoskeeper status --why`。";
        ru "Этот узел прекращает подписывать.", "Запустите `eoskeeper status --why` на этом и других узлах.";
    "stopped"
        zh "本节点已停止签名。", "请查明为何需要停止。";
        ru "Этот узел прекратил подписывать.", "Выясните, почему это понадобилось.";
    "demotion_failed"
        zh "无法停止本节点签名。", "请立即用手停止 nodeos：可能有两个节点在签名。";
        ru "Остановить подписывание на этом узле не удалось.", "Немедленно остановите nodeos вручную: могут подписывать двое.";
    "stop_unheeded"
        zh "停止命令没有生效：本节点仍在签名。", "请立即用手停止 nodeos，并检查 demote 脚本。";
        ru "Приказ остановиться не подействовал: узел всё ещё подписывает.", "Немедленно остановите nodeos вручную и проверьте скрипт demote.";
    "lease_lost"
        zh "本节点失去了租约。", "请检查 etcd 以及本机到 etcd 的网络。";
        ru "Этот узел потерял аренду.", "Проверьте etcd и сеть от этого хоста к нему.";
    "lease_refused"
        zh "没有得到租约。", "请用 `eoskeeper status` 查看谁持有租约。";
        ru "Аренду получить не удалось.", "Посмотрите в `eoskeeper status`, кто её держит.";
    "lease_not_released"
        zh "租约未能释放，它会自行到期。", "请检查 etcd。";
        ru "Аренду не удалось отпустить; она истечёт сама.", "Проверьте etcd.";
    "state_not_written"
        zh "状态无法写入磁盘，因此不会执行操作。", "请检查 [state] dir 所在磁盘的空间和权限。";
        ru "Состояние не записывается на диск, поэтому ничего не делается.", "Проверьте место и права на диске с [state] dir.";
    "state_unusable"
        zh "磁盘上的状态无法使用：看守程序只观察，不操作。", "请按消息中的说明处理该文件，然后重启 eoskeeper。";
        ru "Состояние на диске непригодно: сторож наблюдает и не действует.", "Поступите с файлом, как сказано в сообщении, и перезапустите eoskeeper.";
    "budget_spent"
        zh "提升次数已用完，不再自动提升。", "请查明原因，然后运行 `eoskeeper rearm`。";
        ru "Запас повышений исчерпан, сами они больше не делаются.", "Выясните причину, затем запустите `eoskeeper rearm`.";
    "budget_rearmed"
        zh "又可以自动提升了。", "无需操作。";
        ru "Повышения снова разрешены.", "Делать ничего не нужно.";
    "maintenance_begins"
        zh "维护开始：不会自动操作。", "维护结束后请运行 `eoskeeper maintenance --end`。";
        ru "Начались работы: сам сторож ничего не делает.", "После работ запустите `eoskeeper maintenance --end`.";
    "maintenance_ends"
        zh "维护结束。", "无需操作。";
        ru "Работы закончены.", "Делать ничего не нужно.";
    "returned_unpaused"
        zh "旧节点恢复后能够签名，而备用节点正在签名。", "请立即暂停旧节点。";
        ru "Старый узел вернулся и может подписывать, хотя подписывает резервный.", "Немедленно поставьте старый узел на паузу.";
    "standby_signs"
        zh "提醒：备用节点正在签名。", "准备好后用 `eoskeeper failback` 交还。";
        ru "Напоминание: подписывает резервный узел.", "Когда будете готовы, верните производство командой `eoskeeper failback`.";
    "restarting"
        zh "正在重启 nodeos：它的头区块不动，而其他节点在前进。", "请查明它为何停住。";
        ru "nodeos перезапускается: его голова стоит, а у других движется.", "Выясните, почему он остановился.";
    "switchover_called_off"
        zh "计划切换被取消。", "请查看消息中的原因。";
        ru "Плановое переключение отозвано.", "Причина указана в сообщении.";
    "switchover_declined"
        zh "计划切换被拒绝。", "请查看消息中的原因。";
        ru "В плановом переключении отказано.", "Причина указана в сообщении.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::core::rules::Rule;

    #[test]
    fn every_rule_has_its_texts_and_no_cause_has_two() {
        let all: Vec<_> = causes().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for rule in Rule::ALL {
            assert!(all.contains(&rule.as_str()), "{rule} has no text");
        }
    }

    #[test]
    fn texts_are_in_their_language_and_name_their_subject() {
        let [meaning, _] = of(Language::Chinese, "member_offline", "tokyo-2").unwrap();
        assert_eq!(meaning, "看守程序 tokyo-2 不再报告。");
        assert_eq!(of(Language::English, "api_down", ""), None);
        assert_eq!(of(Language::Russian, "no_such", ""), None);
        for cause in causes() {
            let chinese = of(Language::Chinese, cause, "x").unwrap();
            let russian = of(Language::Russian, cause, "x").unwrap();
            let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            let is_russian = |c: char| ('\u{0400}'..='\u{04ff}').contains(&c);
            assert!(chinese.iter().all(|text| text.contains(is_chinese)), "{cause}");
            assert!(russian.iter().all(|text| text.contains(is_russian)), "{cause}");
        }
    }
}
