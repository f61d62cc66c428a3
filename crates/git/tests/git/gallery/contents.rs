//! Contents that git converts on the way between disk and objects.

use std::time::{Duration, UNIX_EPOCH};

use qd_git::keep::Prepared;
use qd_git::{GitError, KeepError, KeepOutcome, Landing, Refusal};

use crate::fixture::write;
use crate::gallery::{Place, told};

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

const ATTRIBUTES: &str = "*.txt text=auto\n*.bat text eol=crlf\n*.sh text eol=lf\n*.raw -text\n*.bin binary\n\
    *.rc text working-tree-encoding=UTF-16LE-BOM\n";

#[tokio::test]
async fn line_ends_and_encodings_go_the_whole_way_under_every_setting() {
    for setting in ["true", "input", "false"] {
        let place = Place::new(|fixture, root| {
            fixture.git(root, &["config", "core.autocrlf", setting]);
            write(root, ".gitattributes", ATTRIBUTES);
            for name in ["a.bat", "a.sh", "a.raw", "plain", "b.txt"] {
                write(root, name, "one\r\ntwo\r\n");
            }
            write(root, "a.bin", b"\r\n\0\n");
            write(root, "a.rc", utf16("one\r\nz\u{fc}\n"));
            fixture.commit_all(root, "all kinds");
            fixture.git(root, &["read-tree", "--empty"]);
            fixture.git(root, &["reset", "-q", "--hard"]);
        })
        .await;
        place.write("a.bat", "one\ntwo\nthree\n");
        place.write("a.sh", "one\r\n2\r\n");
        place.write("a.raw", "one\n2\r\n");
        place.write("b.txt", "one\r\n2\n");
        place.write("a.bin", b"\r\n\0\r\n");
        place.write("a.rc", utf16("one\nz\u{fc}\nthree\u{1f642}\n"));
        place.write("new.txt", "new\r\nand\nmixed");
        place.write("new", "no end\r");
        let found = place.walk().await;
        let expected = ["M a.bat", "M a.bin", "M a.raw", "M a.rc", "M a.sh", "M b.txt", "A new", "A new.txt"];
        assert_eq!(found, expected, "core.autocrlf={setting}");
    }
}

#[tokio::test]
async fn attributes_of_the_repository_itself_do_not_come_between_a_save_and_its_undo() {
    let place = Place::new(|fixture, root| {
        fixture.git(root, &["config", "filter.strip.clean", "sed s/secret/stripped/"]);
        write(root, ".git/info/attributes", "*.txt text\n*.ipynb filter=strip\n");
        write(root, "b.ipynb", "output\n");
    })
    .await;
    place.write("a.ipynb", "secret output\n");
    place.write("b.ipynb", "secret output\n");
    place.write("new.txt", "new\r\nand\nmixed");
    assert_eq!(place.walk().await, ["A a.ipynb", "M b.ipynb", "A new.txt"]);
}

#[tokio::test]
async fn modes_and_links_survive_a_discard_where_git_is_told_not_to_trust_the_disk() {
    let place = Place::new(|fixture, root| {
        fixture.git(root, &["config", "core.fileMode", "false"]);
        fixture.git(root, &["config", "core.symlinks", "false"]);
    })
    .await;
    place.write("tool", "#!/bin/sh\n");
    crate::fixture::make_executable(&place.worktree.join("tool"));
    crate::fixture::make_executable(&place.worktree.join("README.md"));
    place.link("README.md", "link");
    place.discard_and_bring_back().await;
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:\
    4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

/// `*.big` goes through a filter that is not installed.
async fn with_missing_filter(required: &str) -> Place {
    let place = Place::new(|fixture, root| {
        write(root, "a.big", POINTER);
        write(root, "b.big", POINTER);
        fixture.commit_all(root, "pointers");
        write(root, ".gitattributes", "*.big filter=lfs diff=lfs merge=lfs -text\n");
        fixture.commit_all(root, "attributes");
    })
    .await;
    // As old as files mostly are: git reads those again that are as young as its index, and asks their filter.
    for checkout in [&place.root, &place.worktree] {
        for name in ["a.big", "b.big"] {
            let file = std::fs::File::options().append(true).open(checkout.join(name)).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
        }
        place.fixture.git(checkout, &["update-index", "--refresh"]);
    }
    for (name, value) in [
        ("clean", "no-such-program clean -- %f"),
        ("smudge", "no-such-program smudge -- %f"),
        ("process", "no-such-program filter-process"),
        ("required", required),
    ] {
        place.git(&["config", &format!("filter.lfs.{name}"), value]);
    }
    place
}

#[tokio::test]
async fn pointers_whose_filter_is_missing_go_the_whole_way_where_it_is_not_required() {
    let place = with_missing_filter("false").await;
    place.git(&["config", "--unset", "filter.lfs.process"]);
    place.write("a.big", POINTER.replace("12345", "54321"));
    place.write("new.big", [0, 159, 146, 150]);
    place.remove("b.big");
    assert_eq!(place.walk().await, ["M a.big", "D b.big", "A new.big"]);
}

#[tokio::test]
async fn a_file_whose_required_filter_is_missing_is_named_and_the_rest_shows() {
    let place = with_missing_filter("true").await;
    place.write("a.big", POINTER.replace("12345", "54321"));
    place.write("new", "new\n");
    let changes = place.changes().await;
    assert_eq!((told(&changes), &changes.unseen[..]), (vec!["A new".to_owned()], &["a.big".into()][..]));
    let before = place.state();
    let refused = place.fixture.repo.keep(&place.request()).await;
    let Err(KeepError::Git(GitError::Unreadable { paths })) = refused else { panic!("{refused:?}") };
    assert_eq!(paths, ["a.big".into()]);
    assert_eq!(place.state(), before);
    place.is_sound();
}

#[tokio::test]
async fn a_file_that_can_not_be_encoded_is_named_and_the_rest_shows() {
    let place = Place::new(|_, root| {
        write(root, ".gitattributes", ATTRIBUTES);
        write(root, "a.rc", utf16("one\n"));
    })
    .await;
    place.write("a.rc", "plain text in place of another encoding!\n");
    place.write("b.rc", "this too\n");
    place.write("new", "new\n");
    let changes = place.changes().await;
    assert_eq!((told(&changes), &changes.unseen[..]), (vec!["A new".to_owned()], &["a.rc".into(), "b.rc".into()][..]));
    let refused = place.fixture.repo.keep(&place.request()).await;
    assert!(matches!(refused, Err(KeepError::Git(GitError::Unreadable { .. }))), "{refused:?}");
    place.discard_and_bring_back().await;
}

#[tokio::test]
async fn a_landing_that_a_filter_does_not_let_through_moves_nothing() {
    let place = with_missing_filter("false").await;
    place.write("README.md", "before it\n");
    place.write("new.big", "big\n");
    place.write("zzz", "behind it\n");
    place.remove("src");
    place.git(&["config", "filter.lfs.clean", "cat"]);
    place.git(&["config", "filter.lfs.required", "true"]);
    place.git(&["config", "--unset", "filter.lfs.process"]);
    let before = place.state();
    let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
    let KeepOutcome::CheckoutRefused(Refusal::Busy { stderr, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(stderr.contains("new.big"), "{stderr}");
    assert_eq!(place.state(), before);
    place.is_sound();
}

#[tokio::test]
async fn a_landing_that_ends_half_way_is_put_back_but_for_what_the_user_did_meanwhile() {
    let place = Place::new(|fixture, root| {
        // It stands for a user who is quicker than git.
        fixture.git(root, &["config", "filter.quick.smudge", "echo by the user > A; cat"]);
        fixture.git(root, &["config", "filter.dies.process", "kill -TERM $PPID; sleep 1"]);
        write(root, "0", "before\n");
        write(root, ".gitattributes", "B filter=quick\nC filter=dies\n");
    })
    .await;
    place.write("0", "agent\n");
    place.write("A", "agent\n");
    place.write("AA", "agent\n");
    place.write("B", "agent\n");
    place.remove("src");
    place.git(&["config", "--unset", "filter.dies.process"]);
    place.write("C", "agent\n");
    let Prepared::Ready(prepared) = place.fixture.repo.prepare_keep(&place.request()).await.unwrap() else { panic!() };
    place.git(&["config", "filter.dies.process", "kill -TERM $PPID; sleep 1"]);
    let (tip, mut root, _, status) = place.state();
    let landing = place.fixture.repo.land(&prepared).await.unwrap();
    assert!(matches!(landing, Landing::CheckoutRefused(Refusal::Busy { .. })), "{landing:?}");
    root.insert("A".into(), b"file by the user\n".to_vec());
    let after = place.state();
    assert_eq!((after.0, after.1, after.3), (tip, root, status));
    place.is_sound();
}
