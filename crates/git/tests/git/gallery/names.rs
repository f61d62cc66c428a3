//! Names that break whoever splits, quotes, decodes or expands them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use qd_git::GitPath;

use crate::fixture::{ODD_NAMES, write};
use crate::gallery::Place;

/// More of them: magic words of pathspecs, glob characters, options, what git itself quotes.
const MORE: [&[u8]; 12] = [
    b"*",
    b"?[a-z]*",
    b"**/x",
    b":",
    b":(exclude)a",
    b":!src",
    b"--all",
    b"-",
    b"tab\tand\rreturn",
    b"\"quoted\"",
    b" leading and trailing ",
    b"\x01\x7f\xc3\x28",
];

fn names() -> impl Iterator<Item = &'static OsStr> {
    ODD_NAMES.into_iter().chain(MORE).map(OsStr::from_bytes)
}

#[tokio::test]
async fn odd_names_go_the_whole_way() {
    for quoted in ["true", "false"] {
        let place = Place::new(|fixture, root| {
            fixture.git(root, &["config", "core.quotePath", quoted]);
            for name in names() {
                write(root, name, "line\n");
                write(&root.join("gone"), name, "gone\n");
            }
        })
        .await;
        place.remove("gone");
        for name in names() {
            place.write(name, "line\nand another\n");
            write(&place.worktree.join("came"), name, "something else came\n");
        }
        let found = place.walk().await;
        for name in names() {
            let path = GitPath::new(name.as_bytes());
            for line in [format!("M {path}"), format!("A came/{path}"), format!("D gone/{path}")] {
                assert!(found.contains(&line), "{line} is not in {found:?}");
            }
        }
        assert_eq!(found.len(), 3 * names().count());
    }
}

#[tokio::test]
async fn paths_longer_than_260_characters_go_the_whole_way() {
    let folder = format!("{}/{}", "a".repeat(250), "b".repeat(255));
    let long = format!("{folder}/{}", "c".repeat(255));
    let place = Place::new(|_, root| write(root, &long, "1\n2\n3\n4\n5\n")).await;
    place.write(&long, "1\n2\n3\n4\nfive\n");
    place.write(format!("{folder}/other"), "new\n");
    place.rename("src/a.txt", &format!("{folder}/moved"));
    let expected = [format!("M {long}"), format!("R src/a.txt {folder}/moved"), format!("A {folder}/other")];
    assert_eq!(place.walk().await, expected);
}
