//! Claims about reading and editing task documents.

use super::*;

#[test]
fn boxes_are_counted_outside_code_and_criteria_apart() {
    let text = "# Fix it\n- [x] a\n- [-] b\n1. [ ] c\n```\n- [ ] not one\n# nor a title\n```\n-[ ] nor this\n## Success criteria\n* [X] d\n### Sub\n- [ ] e\n## Notes\n- [ ] f\n";
    let reading = read(text);
    assert_eq!(reading.title.as_deref(), Some("Fix it"));
    assert_eq!(reading.progress, Progress { done: 1, doing: 1, total: 4 });
    assert_eq!(reading.criteria, Progress { done: 1, doing: 0, total: 2 });
}

#[test]
fn a_document_without_heading_is_named_after_its_file() {
    assert_eq!(title(&read("no heading"), Some("tasks/fix login.md")), "fix login");
    assert_eq!(title(&read("## Second level\n"), Some("tasks/a.md")), "Second level");
}

#[test]
fn a_new_title_changes_one_line_and_nothing_else() {
    assert_eq!(with_title("intro\r\n## Old ##\r\nrest", "New\nname"), "intro\r\n## New name\r\nrest");
    assert_eq!(with_title("body", "T"), "# T\n\nbody");
}

#[test]
fn toggling_changes_one_character() {
    let text = "# T\r\n  - [ ] ä\r\n- [x] b";
    let ticked = toggle_box(text, 1).unwrap();
    assert_eq!(ticked, "# T\r\n  - [x] ä\r\n- [x] b");
    assert_eq!(toggle_box(&ticked, 1).unwrap(), text);
    assert_eq!(toggle_box(text, 0), None);
    assert_eq!(toggle_box(text, 9), None);
}

#[test]
fn names_are_cut_on_a_word() {
    assert_eq!(slug("Fix: the  Login/flow!"), "fix-the-login-flow");
    let long = slug(&"word ".repeat(40));
    assert!(long.len() <= 80 && long.ends_with("word"), "{long}");
    assert_eq!(slug(&"x".repeat(200)).len(), 80);
    assert_eq!(slug("../../"), "task");
}

#[test]
fn the_first_line_becomes_the_heading() {
    assert_eq!(compose("  Fix login \n\nIt breaks.\n"), "# Fix login\n\nIt breaks.\n");
    assert_eq!(compose("# Already"), "# Already\n");
}

#[test]
fn a_message_for_a_commit_says_what_is_ticked_and_no_criterion() {
    let text = "# Two lines\n\n- [x] Write  it\n- [ ] not yet\n```\n- [x] code\n```\n## Success criteria\n- [x] holds\n### More\n- [x] too\n## Then\n1. [X] Tell\n";
    assert_eq!(commit_message(text, "Two lines"), "Two lines\n\n- Write  it\n- Tell");
    assert_eq!(commit_message("# Bare\n", "Bare"), "Bare");
}
