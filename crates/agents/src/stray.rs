//! Lines of an agent that are no protocol: noted, in bounds.

use qd_core::event::EventBody;

use crate::driver::Outbox;

/// How many such lines are noted before the rest is passed over.
const LINES: u32 = 50;
/// How much of one is kept.
const BYTES: usize = 2000;

/// Counts stray lines.
#[derive(Debug, Default)]
pub(crate) struct Stray {
    count: u32,
}

impl Stray {
    /// Tells of one more.
    pub(crate) fn note(&mut self, title: &str, line: &[u8], out: &mut Outbox) {
        self.count = self.count.saturating_add(1);
        let text = match self.count {
            ..=LINES => {
                let kept = line.get(..BYTES).unwrap_or(line);
                format!("{title} wrote outside its protocol: {}", String::from_utf8_lossy(kept))
            }
            count if count == LINES + 1 => format!("{title} wrote more outside its protocol; the rest is left out."),
            _ => return,
        };
        out.event(EventBody::Note { text });
    }
}
