//! Markdown of flow authors as HTML that can do nothing: no tags of their own, no images, links to web and mail alone.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// Where links may lead.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// The text as HTML.
pub(super) fn markdown(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).filter_map(tamed);
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    PreEscaped(out)
}

fn tamed(event: Event<'_>) -> Option<Event<'_>> {
    match event {
        // A tag is shown as it was written.
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // The text in place of the image stays: loading it would tell others that the page is read.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if link_type == LinkType::Email || is_harmless(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        other => Some(other),
    }
}

fn is_harmless(target: &str) -> bool {
    let target = target.trim().to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| target.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_is_shown_or_gone() {
        let bad = "<script>alert(1)</script>\n\n<b onclick=x>b</b> ![pic](https://evil.example/x.png) [a](javascript:alert(1)) \
                   [b](data:text/html,x) [c](JAVASCRIPT:x)\n\n<div style='x'>\n";
        let made = markdown(bad).into_string();
        for word in ["<script", "<b ", "<img", "javascript:", "data:text", "JAVASCRIPT", "<div"] {
            assert!(!made.contains(word), "{word} in {made}");
        }
        assert!(made.contains("&lt;script&gt;") && made.contains("pic"), "{made}");
    }

    #[test]
    fn what_only_shows_is_kept() {
        let made = markdown("# Title\n\n**Bold** and [a link](https://example.com/?a=1&b=2).\n\n| a |\n|---|\n| 1 |\n").into_string();
        for part in ["<h1>Title</h1>", "<strong>Bold</strong>", "href=\"https://example.com/?a=1&amp;b=2\"", "<td>1</td>"] {
            assert!(made.contains(part), "{part} in {made}");
        }
    }
}
