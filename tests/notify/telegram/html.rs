//! How Telegram reads HTML (Bot API, "HTML style"): what it refuses, and what is left to read.

/// Tags that are known, and which of them hold no others.
const TAGS: [&str; 13] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "code",
    "pre",
    "tg-spoiler",
    "blockquote",
];

/// The text without its marks, or what Telegram says.
pub(crate) fn read(html: &str) -> Result<String, String> {
    let (mut plain, mut open, mut rest) = (String::new(), Vec::<String>::new(), html);
    let refused = |what: String| Err(format!("Bad Request: can't parse entities: {what}"));
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            let (text, length) = entity(rest);
            plain.push_str(text);
            rest = &rest[length..];
            continue;
        }
        let Some(end) = rest.find('>') else {
            return refused("Unclosed start tag".to_owned());
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => {}
                last => return refused(format!("Unmatched end tag {name:?} after {last:?}")),
            }
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default().to_lowercase();
        if !TAGS.contains(&name.as_str()) {
            return refused(format!("Unsupported start tag {tag:?}"));
        }
        if open.iter().any(|outer| outer == "code" || outer == "pre" || *outer == name) {
            return refused(format!("{name:?} within {open:?}"));
        }
        open.push(name);
    }
    plain.push_str(rest);
    match open.pop() {
        Some(name) => refused(format!("Can't find end tag corresponding to start tag {name:?}")),
        None => Ok(plain),
    }
}

/// A known entity at the beginning, and its length; another `&` stands for itself.
fn entity(text: &str) -> (&'static str, usize) {
    [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\"")]
        .into_iter()
        .find(|(entity, _)| text.starts_with(entity))
        .map_or(("&", 1), |(entity, plain)| (plain, entity.len()))
}

#[test]
fn reads_as_telegram_does() {
    for (html, expected) in [
        ("plain & simple", Some("plain & simple")),
        ("<b>1 &lt; 2</b> &amp;amp;", Some("1 < 2 &amp;")),
        ("<blockquote expandable>x</blockquote>", Some("x")),
        ("<b><i>x</i></b>", Some("x")),
        ("<b>x", None),
        ("<b>x</i>", None),
        ("x</b>", None),
        ("<script>x</script>", None),
        ("1 < 2", None),
        ("<code><b>x</b></code>", None),
    ] {
        assert_eq!(read(html).ok().as_deref(), expected, "{html}");
    }
}
