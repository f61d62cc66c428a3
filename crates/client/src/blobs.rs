//! What a mutation names beside itself goes to the server before it (R22). The page keeps the bytes by their name; here
//! is only known which of them the server has, as far as this tab saw it.

use crate::client::{Client, Commit};
use crate::effect::Effect;
use crate::intent::{Intent, Sending};
use qd_core::blob::{BlobId, StoredImage};
use qd_core::ids::Mid;
use std::collections::HashSet;

/// What is known of blobs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blobs {
    /// The server took them.
    stored: HashSet<BlobId>,
    /// They can't be sent: the page does not have them, or the server does not take them.
    lost: HashSet<BlobId>,
}

impl Blobs {
    /// The first that has yet to be sent.
    fn due<'a>(&self, intent: &'a Intent) -> Option<&'a StoredImage> {
        named(intent).find(|image| !self.stored.contains(&image.blob) && !self.lost.contains(&image.blob))
    }
}

fn named(intent: &Intent) -> impl Iterator<Item = &StoredImage> {
    intent.command.iter().flat_map(qd_core::command::Command::blobs)
}

impl Client {
    /// The effect that goes before the mutation's own sending, where one of its blobs has to.
    pub(crate) fn blob_first(&self, intent: &Intent) -> Option<Effect> {
        let image = self.blobs.due(intent)?;
        Some(Effect::PutBlob { mid: intent.mid(), blob: image.blob.clone(), mime: image.mime.clone() })
    }

    /// Whether one of its blobs can't be sent.
    pub(crate) fn lost_blobs(&self, intent: &Intent) -> bool {
        named(intent).any(|image| self.blobs.lost.contains(&image.blob))
    }

    /// A person attached it again: the page has it.
    pub(crate) fn attached(&mut self, blobs: Vec<BlobId>) {
        for blob in blobs {
            self.blobs.lost.remove(&blob);
        }
    }

    /// The answer to a PUT; status 0 where there was none.
    pub(crate) fn blob_answered(&mut self, mid: Mid, blob: BlobId, status: u16, commit: &mut Commit) {
        match status {
            200..300 => {
                self.blobs.stored.insert(blob);
                self.go_on(mid);
            }
            401 => {
                self.unanswered(mid, None);
                self.log_out(commit);
            }
            400 | 413 | 415 => self.blob_lost(mid, blob),
            _ => self.unanswered(mid, None),
        }
    }

    /// The page does not have it. The server may: it says what becomes of the mutation.
    pub(crate) fn blob_lost(&mut self, mid: Mid, blob: BlobId) {
        self.blobs.lost.insert(blob);
        self.go_on(mid);
    }

    /// The server does not have what the mutation names, whatever was believed.
    pub(crate) fn blob_missing(&mut self, mid: Mid) {
        let Some(intent) = self.pending.iter().find(|i| i.mid() == mid) else { return };
        for image in named(intent) {
            self.blobs.stored.remove(&image.blob);
        }
        self.unanswered(mid, None);
    }

    /// What comes next for this mutation is due now.
    fn go_on(&mut self, mid: Mid) {
        let now = self.now;
        let Some(intent) = self.pending.iter_mut().find(|i| i.mid() == mid) else { return };
        if let Sending::OnItsWay { tries } = intent.sending {
            intent.sending = Sending::Again { at: now, tries };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Config;
    use crate::effect::Output;
    use crate::event::Event;
    use qd_core::blob::AttachedImage;
    use qd_core::command::{Command, SendMessage};
    use qd_core::ids::{MessageId, Millis, SessionId};
    use uuid::Uuid;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn client() -> Client {
        let mut client = Client::new(&Config { tab: Uuid::from_u128(1), seed: [7; 32] });
        client.handle(Event::Boot { now: NOW, journal: Vec::new(), cached: None });
        client
    }

    fn message(images: &[&[u8]]) -> Command {
        let stored = |bytes: &&[u8]| {
            let (mime, size) = ("image/png".to_owned(), bytes.len() as u64);
            AttachedImage::Stored(StoredImage { mime, blob: BlobId::of(bytes), size })
        };
        let message = SendMessage::new(MessageId(Uuid::from_u128(2)), SessionId(Uuid::from_u128(3)), "look");
        Command::SendMessage(SendMessage { images: images.iter().map(stored).collect(), ..message })
    }

    /// What goes to the server: the blob, or the mutation and whether it says that blobs are gone.
    #[derive(Debug, PartialEq)]
    enum Sent {
        Blob(BlobId),
        Mutation { gone: bool },
    }

    fn sent(output: &Output) -> Vec<Sent> {
        let sent = |effect: &Effect| match effect {
            Effect::PutBlob { blob, .. } => Some(Sent::Blob(blob.clone())),
            Effect::Send { body, .. } => Some(Sent::Mutation { gone: body.contains("\"blobs_gone\":true") }),
            _ => None,
        };
        output.effects.iter().filter_map(sent).collect()
    }

    #[test]
    fn every_blob_goes_before_the_mutation_that_names_it() {
        let mut client = client();
        let output = client.handle(Event::Act { command: message(&[b"one", b"two"]), now: NOW });
        let mid = output.mid.unwrap();
        let journal = output.effects.iter().position(|effect| matches!(effect, Effect::Journal { .. })).unwrap();
        let put = output.effects.iter().position(|effect| matches!(effect, Effect::PutBlob { .. })).unwrap();
        assert!(journal < put, "what is not journalled is not sent");
        assert_eq!(sent(&output), [Sent::Blob(BlobId::of(b"one"))]);
        let answered = |bytes| Event::BlobAnswered { mid, blob: BlobId::of(bytes), status: 204, now: NOW };
        assert_eq!(sent(&client.handle(answered(b"one"))), [Sent::Blob(BlobId::of(b"two"))]);
        assert_eq!(sent(&client.handle(answered(b"two"))), [Sent::Mutation { gone: false }]);
    }

    #[test]
    fn without_an_answer_the_blob_is_sent_again_later() {
        let mut client = client();
        let mid = client.handle(Event::Act { command: message(&[b"one"]), now: NOW }).mid.unwrap();
        let output = client.handle(Event::BlobAnswered { mid, blob: BlobId::of(b"one"), status: 0, now: NOW });
        assert_eq!(sent(&output), []);
        let later = Millis(NOW.0 + 10_000);
        assert_eq!(sent(&client.handle(Event::Tick { now: later })), [Sent::Blob(BlobId::of(b"one"))]);
    }

    #[test]
    fn a_server_that_lacks_the_blob_gets_it_once_more() {
        let mut client = client();
        let mid = client.handle(Event::Act { command: message(&[b"one"]), now: NOW }).mid.unwrap();
        client.handle(Event::BlobAnswered { mid, blob: BlobId::of(b"one"), status: 204, now: NOW });
        let missing = "{\"code\":\"blob_missing\",\"message\":\"\"}".to_owned();
        client.handle(Event::Reply { mid, status: 424, body: missing, now: NOW });
        let later = Millis(NOW.0 + 10_000);
        assert_eq!(sent(&client.handle(Event::Tick { now: later })), [Sent::Blob(BlobId::of(b"one"))]);
    }

    #[test]
    fn a_blob_that_the_page_lost_or_the_server_refuses_leaves_the_verdict_to_the_server() {
        for lost in [true, false] {
            let mut client = client();
            let mid = client.handle(Event::Act { command: message(&[b"one"]), now: NOW }).mid.unwrap();
            let blob = BlobId::of(b"one");
            let event = if lost {
                Event::BlobLost { mid, blob, now: NOW }
            } else {
                Event::BlobAnswered { mid, blob, status: 415, now: NOW }
            };
            assert_eq!(sent(&client.handle(event)), [Sent::Mutation { gone: true }]);
        }
    }

    #[test]
    fn after_a_reload_the_blob_goes_again_before_its_message() {
        let mut before = client();
        let output = before.handle(Event::Act { command: message(&[b"one"]), now: NOW });
        let journal = output.effects.into_iter().filter_map(|effect| match effect {
            Effect::Journal { key, value } => Some(crate::event::JournalEntry { key, value }),
            _ => None,
        });
        let mut after = Client::new(&Config { tab: Uuid::from_u128(1), seed: [8; 32] });
        let output = after.handle(Event::Boot { now: NOW, journal: journal.collect(), cached: None });
        assert_eq!(sent(&output), [Sent::Blob(BlobId::of(b"one"))]);
    }
}
