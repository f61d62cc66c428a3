//! Which task each found file is. Pure.
//!
//! A file is the task of its path. A task whose file went away and a file that came in the same look are one where
//! their content is the same, or where half of their lines are and nothing else could be meant (A3).

use super::walk::Found;
use qd_core::ids::TaskId;
use std::collections::{HashMap, HashSet};

/// Similarity is looked for among at most this many gone tasks and as many new files.
const MANY: usize = 64;

/// A task as its row has it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The task.
    pub id: TaskId,
    /// Its path.
    pub path: String,
    /// The hash of its document.
    pub hash: String,
    /// Whether its file was there.
    pub on_branch: bool,
}

/// Who is who.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// For each found file (by its index) the task that it is.
    pub tasks: HashMap<usize, TaskId>,
    /// Files that no task was found for.
    pub new: Vec<usize>,
    /// Tasks whose file is not there any more.
    pub gone: Vec<TaskId>,
}

/// Matches by path and by content.
pub(super) fn matched(held: &[Held], found: &[Found], unknown: &[String]) -> Matched {
    let mut result = Matched::default();
    let mut taken: HashSet<TaskId> = HashSet::new();
    let mut by_path: HashMap<&str, &Held> = HashMap::new();
    for task in held {
        let shadowed = by_path.get(task.path.as_str()).is_some_and(|other| other.on_branch && !task.on_branch);
        if !shadowed {
            by_path.insert(&task.path, task);
        }
    }
    let there: HashSet<&str> = found.iter().map(|f| f.path.as_str()).collect();
    let vanished: Vec<&Held> = held.iter().filter(|t| !there.contains(t.path.as_str())).collect();
    let mut claim = |index: usize, id: TaskId, result: &mut Matched| {
        let free = taken.insert(id);
        if free {
            result.tasks.insert(index, id);
        }
        free
    };
    let mut open = Vec::new();
    for (index, file) in found.iter().enumerate() {
        match by_path.get(file.path.as_str()) {
            // What came back to the path of a task that was away may rather be a task that moved there right now.
            Some(task) if task.on_branch || task.hash == file.content.hash => {
                claim(index, task.id, &mut result);
            }
            _ => open.push(index),
        }
    }
    let strangers = tally(open.iter().map(|&index| found[index].content.hash.as_str()));
    let moved = by_hash(vanished.iter().copied().filter(|t| t.on_branch));
    let away = by_hash(vanished.iter().copied().filter(|t| !t.on_branch));
    open.retain(|&index| {
        let file = &found[index].content;
        // Of files that look alike none can be told to be the one that moved.
        let told = file.is_read() && strangers.get(file.hash.as_str()) == Some(&1);
        let with =
            |tasks: &HashMap<&str, Vec<TaskId>>| only(tasks.get(file.hash.as_str()).into_iter().flatten().copied());
        let task = with(&moved).or_else(|| with(&away)).filter(|_| told);
        !task.is_some_and(|task| claim(index, task, &mut result))
    });
    open.retain(|&index| {
        let task = by_path.get(found[index].path.as_str());
        !task.is_some_and(|task| claim(index, task.id, &mut result))
    });
    let is_unknown = |path: &str| {
        unknown.iter().any(|folder| path.strip_prefix(folder.as_str()).is_some_and(|r| r.starts_with('/')))
    };
    let gone = held.iter().filter(|t| t.on_branch && !taken.contains(&t.id) && !is_unknown(&t.path));
    result.gone = gone.map(|t| t.id).collect();
    result.new = open;
    result
}

fn by_hash<'a>(tasks: impl Iterator<Item = &'a Held>) -> HashMap<&'a str, Vec<TaskId>> {
    let mut map: HashMap<&str, Vec<TaskId>> = HashMap::new();
    for task in tasks {
        map.entry(&task.hash).or_default().push(task.id);
    }
    map
}

fn tally<'a>(items: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// Whether it is worth reading texts to look for similar ones.
pub(super) fn worth_comparing(matched: &Matched) -> bool {
    let few = |n: usize| (1..=MANY).contains(&n);
    few(matched.new.len()) && few(matched.gone.len())
}

/// Moves tasks that are gone to new files that are similar to them, where both have no other choice.
pub(super) fn match_similar(
    matched: &mut Matched,
    texts_of_gone: &HashMap<TaskId, String>,
    texts_of_new: &HashMap<usize, String>,
) {
    let alike = |id: &TaskId, index: &usize| match (texts_of_gone.get(id), texts_of_new.get(index)) {
        (Some(old), Some(new)) => similar(old, new),
        _ => false,
    };
    let mut pairs = Vec::new();
    for &index in &matched.new {
        let Some(id) = only(matched.gone.iter().filter(|id| alike(id, &index))) else { continue };
        if only(matched.new.iter().filter(|index| alike(id, index))).is_some() {
            pairs.push((index, *id));
        }
    }
    for (index, id) in pairs {
        matched.tasks.insert(index, id);
        matched.new.retain(|i| *i != index);
        matched.gone.retain(|t| *t != id);
    }
}

/// Whether at least half of the lines of the longer text are in the other. Empty lines do not count.
pub(super) fn similar(old: &str, new: &str) -> bool {
    let lines = |text: &str| text.lines().map(str::trim).filter(|l| !l.is_empty()).count();
    let longer = lines(old).max(lines(new));
    let mut counts = tally(old.lines().map(str::trim).filter(|l| !l.is_empty()));
    let mut shared = 0;
    for line in new.lines().map(str::trim) {
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    longer > 0 && shared * 2 >= longer
}

/// The one item, where there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::walk::Content;
    use super::*;
    use uuid::Uuid;

    fn held(n: u128, path: &str, hash: &str, on_branch: bool) -> Held {
        Held { id: TaskId(Uuid::from_u128(n)), path: path.into(), hash: hash.into(), on_branch }
    }

    fn found(path: &str, hash: &str) -> Found {
        Found { path: path.into(), archived: false, content: Content { hash: hash.into(), size: 1, problem: None } }
    }

    fn task(n: u128) -> TaskId {
        TaskId(Uuid::from_u128(n))
    }

    #[test]
    fn a_move_and_a_move_into_the_place_of_another_keep_who_they_are() {
        let before = [held(1, "a", "A", true), held(2, "b", "B", true)];
        let now = matched(&before, &[found("c", "A"), found("b", "B")], &[]);
        assert_eq!((now.tasks[&0], now.tasks[&1]), (task(1), task(2)));
        assert!(now.gone.is_empty() && now.new.is_empty());
        let over = matched(&before, &[found("b", "A")], &[]);
        assert_eq!((over.tasks[&0], over.gone), (task(2), vec![task(1)]), "a path that stays is its task");
    }

    #[test]
    fn what_comes_back_is_the_task_that_was_away() {
        let before = [held(1, "a", "A", false)];
        assert_eq!(matched(&before, &[found("a", "other")], &[]).tasks[&0], task(1));
        assert_eq!(matched(&before, &[found("z", "A")], &[]).tasks[&0], task(1));
        let moved = [held(1, "a", "A", false), held(2, "b", "B", true)];
        assert_eq!(matched(&moved, &[found("a", "B")], &[]).tasks[&0], task(2), "it moved there right now");
    }

    #[test]
    fn among_equals_nobody_is_chosen() {
        let two = [held(1, "a", "A", true), held(2, "b", "A", true)];
        let now = matched(&two, &[found("c", "A")], &[]);
        assert_eq!((now.new, now.gone), (vec![0], vec![task(1), task(2)]));
        let copies = matched(&[held(1, "a", "A", true)], &[found("c", "A"), found("d", "A")], &[]);
        assert_eq!((copies.new.len(), copies.gone), (2, vec![task(1)]));
    }

    #[test]
    fn what_can_not_be_read_is_not_gone() {
        let before = [held(1, "tasks/x/a.md", "A", true), held(2, "tasks/xb.md", "B", true)];
        assert_eq!(matched(&before, &[], &["tasks/x".to_owned()]).gone, [task(2)]);
    }

    #[test]
    fn half_of_the_lines_make_a_rename_where_only_one_fits() {
        let old = HashMap::from([(task(1), "# A\nx\ny\nz\n".to_owned())]);
        let mut now = Matched { gone: vec![task(1)], new: vec![0, 1], ..Matched::default() };
        let texts = HashMap::from([(0, "# B\nx\ny\nw\n".to_owned()), (1, "else\n".to_owned())]);
        match_similar(&mut now, &old, &texts);
        assert_eq!((now.tasks[&0], now.new.clone(), now.gone.len()), (task(1), vec![1], 0));
        let mut unsure = Matched { gone: vec![task(1)], new: vec![0, 1], ..Matched::default() };
        let twins = HashMap::from([(0, "# B\nx\ny\n".to_owned()), (1, "# C\nx\ny\n".to_owned())]);
        match_similar(&mut unsure, &old, &twins);
        assert_eq!(unsure.new, [0, 1]);
    }
}
