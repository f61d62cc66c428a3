//! Markdown to HTML that is safe to put into the page: no raw HTML, no scripts, links only to where a person may want
//! to go. Checkboxes carry the line they stand on.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use qd_core::document::doing_marks;

/// The HTML of a document or message.
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut line = LineAt { text, at: 0, line: 0 };
    // Markdown knows no boxes in progress: they are read as open ones, of the same length, and told apart again here.
    let doing = doing_marks(text);
    let mut plain = text.as_bytes().to_vec();
    for at in &doing {
        plain[*at] = b' ';
    }
    let plain = String::from_utf8_lossy(&plain);
    let events = Parser::new_ext(&plain, options).into_offset_iter().map(|(event, range)| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::TaskListMarker(ticked) => {
            let in_progress = doing.binary_search(&(range.start + 1)).is_ok();
            let state = match (ticked, in_progress) {
                (true, _) => " checked",
                (false, true) => " data-doing",
                (false, false) => "",
            };
            let (line, words) = (line.of(range.start), if in_progress { ", in progress" } else { "" });
            let label = format!("line {}{words}", line + 1);
            let html = format!("<input type=\"checkbox\" data-line=\"{line}\" aria-label=\"{label}\"{state}>");
            Event::InlineHtml(CowStr::from(html))
        }
        // An image of elsewhere would tell others that this page was read: it becomes a link.
        Event::Start(Tag::Link { link_type, dest_url, title, id } | Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: safe(dest_url), title, id })
        }
        Event::End(pulldown_cmark::TagEnd::Image) => Event::End(pulldown_cmark::TagEnd::Link),
        other => other,
    });
    let mut out = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

/// The address, where it is one that a link may have; else none.
fn safe(url: CowStr<'_>) -> CowStr<'_> {
    let lower = url.trim_start().to_ascii_lowercase();
    let scheme = lower.split(['/', '?', '#']).next().unwrap_or_default();
    let allowed = !scheme.contains(':') || ["http:", "https:", "mailto:"].iter().any(|s| lower.starts_with(s));
    if allowed { url } else { CowStr::Borrowed("#") }
}

/// Finds line numbers of growing positions in one pass.
struct LineAt<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl LineAt<'_> {
    fn of(&mut self, position: usize) -> usize {
        if position < self.at {
            (self.at, self.line) = (0, 0);
        }
        self.line += self.text[self.at..position].matches('\n').count();
        self.at = position;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_document_becomes_markup_of_the_page() {
        let html =
            to_html("<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick=x>b</b> ![p](http://spy/p.png)");
        assert!(
            !html.contains("<script")
                && !html.contains("javascript:")
                && !html.contains("<b ")
                && !html.contains("<img"),
            "{html}"
        );
        assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_box_knows_its_line() {
        let html = to_html("# T\n\n- [ ] a\n- [x] b\n");
        let doing = to_html("- [-] a\n");
        assert!(doing.contains("aria-label=\"line 1, in progress\" data-doing"), "{doing}");
        assert!(
            html.contains("data-line=\"2\"") && html.contains("data-line=\"3\" aria-label=\"line 4\" checked"),
            "{html}"
        );
    }
}
