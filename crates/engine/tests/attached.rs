//! What goes with a message: an image from its coming to its collection; files that can be mentioned.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

#[expect(dead_code, reason = "shared with the tests of sessions, which need more of it")]
#[path = "sessions/stage.rs"]
mod stage;

use qd_core::blob::{AttachedImage, BlobId, StoredImage};
use qd_core::command::{Command, OnSession, SendMessage};
use qd_core::event::EventBody;
use qd_core::ids::MessageId;
use qd_core::row::MessageState;
use qd_core::status::Kind;
use stage::Stage;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and some more";
const LONG: Duration = Duration::from_hours(48);

#[tokio::test]
async fn an_image_reaches_the_agent_and_stays_for_as_long_as_its_message() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let session = server.start(Kind::Implement, "[[demo: no-permission]]").await;
    server.until_end(session).await;

    let blob = BlobId::of(PNG);
    server.engine.put_blob(blob.clone(), "image/png", PNG.to_vec()).await.unwrap();
    let never_named = [PNG, b"another"].concat();
    let unnamed = BlobId::of(&never_named);
    server.engine.put_blob(unnamed.clone(), "image/png", never_named).await.unwrap();
    let image = StoredImage { mime: "image/png".to_owned(), blob: blob.clone(), size: PNG.len() as u64 };
    let message = SendMessage::new(MessageId(stage.mint()), session, "What is this?");
    let id = message.id;
    let message = SendMessage { images: vec![AttachedImage::Stored(image)], ..message };
    assert!(server.act(&Command::SendMessage(message)).await.ok);
    server.until("the delivery", |s| (s.message(id)?.state == MessageState::Delivered).then_some(())).await;
    server.until_end(session).await;
    let shown = server.events(session, 2).into_iter().filter(|event| matches!(event.body, EventBody::Image(_)));
    assert_eq!(shown.count(), 1, "the demo agent shows what it was sent");

    server.close().await;
    stage.clock.forward(LONG);
    let server = stage.server().await;
    assert!(server.engine.blob(&blob).await.unwrap().is_some(), "a message names it");
    assert!(server.engine.blob(&unnamed).await.unwrap().is_none(), "nothing named it for a day");
    assert!(server.act(&Command::DeleteSession(OnSession { id: session })).await.ok);
    server.close().await;
    stage.clock.forward(LONG);
    let server = stage.server().await;
    assert!(server.engine.blob(&blob).await.unwrap().is_none(), "its message went with the session");
    server.close().await;
}

#[tokio::test]
async fn files_of_a_session_are_those_of_its_worktree() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let session = server.start(Kind::Implement, "[[demo: no-permission]]").await;
    server.until_end(session).await;
    let worktree = server.task().branch.unwrap().path;
    fs::write(Path::new(&worktree).join("only here.rs"), "").unwrap();
    let found = server.engine.files_of_session(session, "only").await.unwrap().unwrap();
    let found: Vec<_> = found.files.into_iter().map(|file| (file.path, file.changed)).collect();
    assert_eq!(found, [("only here.rs".to_owned(), true)]);
    let project = server.engine.files_of_project(server.task().project, "only").await.unwrap().unwrap();
    assert_eq!(project.files, []);
    server.close().await;
}

#[tokio::test]
async fn a_key_press_among_ten_thousand_files_reads_a_kept_list() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let folder = stage.project().join("many");
    fs::create_dir(&folder).unwrap();
    for n in 0..10_000 {
        fs::write(folder.join(format!("part_{n}.rs")), "").unwrap();
    }
    let project = server.task().project;
    let query = async |text: &str| server.engine.files_of_project(project, text).await.unwrap().unwrap();
    assert!(query("").await.more);
    // The best of a few: other tests run on this machine too, and this is built without optimisation.
    let mut best = Duration::MAX;
    for text in ["p", "pa", "par", "part99", "mp9"] {
        let began = Instant::now();
        assert_eq!(query(text).await.files.len(), 50);
        best = best.min(began.elapsed());
    }
    assert!(best < Duration::from_millis(100), "{best:?}");
    server.close().await;
}
