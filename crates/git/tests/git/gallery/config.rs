//! Settings of the user and variables of the caller under which the whole way is the same.

use crate::fixture::write;
use crate::gallery::Place;

const SETTINGS: &[(&str, &str)] = &[
    ("core.fsmonitor", "exit 1"),
    ("core.quotePath", "false"),
    ("core.precomposeUnicode", "true"),
    ("core.untrackedCache", "true"),
    ("core.preloadIndex", "true"),
    ("core.checkStat", "minimal"),
    ("core.abbrev", "4"),
    ("core.pager", "exit 1"),
    ("core.whitespace", "trailing-space,cr-at-eol"),
    ("apply.whitespace", "error"),
    ("color.ui", "always"),
    ("diff.external", "exit 1"),
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.renames", "copies"),
    ("diff.renameLimit", "1"),
    ("diff.context", "0"),
    ("diff.interHunkContext", "9"),
    ("diff.algorithm", "histogram"),
    ("diff.orderFile", "/dev/null"),
    ("diff.relative", "true"),
    ("diff.submodule", "log"),
    ("diff.suppressBlankEmpty", "true"),
    ("diff.wordRegex", "."),
    ("diff.ignoreSubmodules", "all"),
    ("status.showUntrackedFiles", "no"),
    ("status.relativePaths", "false"),
    ("status.branch", "true"),
    ("status.showStash", "true"),
    ("status.renames", "copies"),
    ("submodule.recurse", "true"),
    ("merge.conflictStyle", "zdiff3"),
    ("merge.renames", "false"),
    ("feature.manyFiles", "true"),
    ("feature.experimental", "true"),
    ("index.version", "4"),
    ("index.skipHash", "true"),
    ("index.threads", "true"),
    ("extensions.worktreeConfig", "true"),
    ("commit.template", "/nowhere"),
    ("commit.cleanup", "scissors"),
    ("checkout.defaultRemote", "nowhere"),
    ("branch.autoSetupMerge", "always"),
    ("worktree.guessRemote", "true"),
    ("worktree.useRelativePaths", "true"),
    ("log.showSignature", "true"),
    ("gc.auto", "1"),
    ("fetch.recurseSubmodules", "true"),
    ("advice.detachedHead", "false"),
    ("receive.denyCurrentBranch", "refuse"),
    ("core.logAllRefUpdates", "false"),
    ("core.trustctime", "false"),
];

async fn way_under(settings: &[(&str, &str)]) {
    let place = Place::new(|fixture, root| {
        write(root, "moves", "line\n\nline\n".repeat(9));
        write(root, "blank", "1\n\n2\n\n3\n\n4\n");
        fixture.commit_all(root, "base");
        for (name, value) in settings {
            fixture.git(root, &["config", name, value]);
        }
        fixture.git(root, &["update-index", "--refresh"]);
    })
    .await;
    place.write("blank", "1\n\n2\n\nthree\n\n4\n");
    place.rename("moves", "moved");
    place.write("gr\u{fc}\u{df}e/new", "new\n");
    place.write("staged", "s\n");
    place.git(&["add", "staged"]);
    let expected = ["M blank", "A gr\u{fc}\u{df}e/new", "R moves moved", "A staged"];
    assert_eq!(place.walk().await, expected, "{settings:?}");
    assert_eq!(place.look().await.files.len(), 4);
    place.keep().await;
    let context = place.fixture.git(&place.root, &["cat-file", "-p", "main:blank"]);
    assert_eq!(context, "1\n\n2\n\nthree\n\n4");
}

#[tokio::test]
async fn all_settings_at_once_change_nothing() {
    way_under(SETTINGS).await;
}

/// Git gives all halves of an index one name where `index.skipHash` is set, too.
#[tokio::test]
async fn an_index_in_two_halves_changes_nothing() {
    way_under(&[("core.splitIndex", "true")]).await;
}

/// The same test again in a process whose variables lead git elsewhere.
#[test]
#[expect(clippy::disallowed_methods, reason = "the process of a caller is no process of the product")]
fn variables_of_the_caller_change_nothing() {
    let program = std::env::current_exe().unwrap();
    let elsewhere = [
        ("GIT_DIR", "/nowhere/.git"),
        ("GIT_WORK_TREE", "/nowhere"),
        ("GIT_INDEX_FILE", "/nowhere/index"),
        ("GIT_OBJECT_DIRECTORY", "/nowhere/objects"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nowhere/more"),
        ("GIT_COMMON_DIR", "/nowhere/common"),
        ("GIT_NAMESPACE", "nowhere"),
        ("GIT_CONFIG_GLOBAL", "/nowhere/config"),
        ("GIT_CONFIG_PARAMETERS", "'user.name='"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.bare"),
        ("GIT_CONFIG_VALUE_0", "true"),
        ("GIT_EXTERNAL_DIFF", "false"),
        ("GIT_DIFF_OPTS", "-u0"),
        ("GIT_GLOB_PATHSPECS", "1"),
        ("GIT_ICASE_PATHSPECS", "1"),
        ("GIT_ATTR_SOURCE", "nowhere"),
        ("GIT_AUTHOR_NAME", "Nobody"),
        ("GIT_PREFIX", "src/"),
        ("GIT_CEILING_DIRECTORIES", "/"),
        ("GIT_DEFAULT_HASH", "sha256"),
        ("GIT_TRACE", "1"),
        ("GIT_QUARANTINE_PATH", "/nowhere"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
    ];
    let name = "gallery::config::an_index_in_two_halves_changes_nothing";
    let output = std::process::Command::new(program).args(["--exact", name]).envs(elsewhere).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
