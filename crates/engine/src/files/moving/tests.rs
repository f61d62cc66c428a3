//! Claims about moves: one file, one task, whatever happens in between.

use super::*;
use crate::testing::{Bench, on};
use qd_core::command::{ArchiveTask, Command};
use qd_core::ids::TaskId;
use qd_core::row::JobState;

fn archive(id: TaskId) -> Command {
    Command::ArchiveTask(ArchiveTask { id, anyway: false })
}

/// Where the files of tasks lie below the tasks' folder.
fn files(bench: &Bench) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![bench.path("tasks")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(
                    entry.path().strip_prefix(bench.deck().canonicalize().unwrap()).unwrap().display().to_string(),
                );
            }
        }
    }
    found.sort();
    found
}

fn now(bench: &Bench) -> String {
    month(bench.engine.config().clock.now())
}

#[tokio::test]
async fn a_task_is_archived_and_restored_and_stays_who_it_is() {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md");
    let text = bench.file("tasks/one.md");
    bench.person(archive(task.id)).await;
    bench.settled().await;
    let place = format!("tasks/archive/{}/one.md", now(&bench));
    let archived = bench.task(&place);
    assert_eq!((archived.id, archived.archived, archived.document), (task.id, true, task.document.clone()));
    assert_eq!(files(&bench), [place.clone(), "tasks/two.md".to_owned()]);
    let bench = bench.restarted().await;
    assert_eq!(bench.task(&place).id, task.id);
    bench.person(Command::RestoreTask(on(task.id))).await;
    bench.settled().await;
    assert_eq!((bench.task("tasks/one.md").archived, bench.file("tasks/one.md")), (false, text));
    assert_eq!(bench.tasks().len(), 2);
}

#[tokio::test]
async fn nothing_is_moved_over_another_file() {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md");
    let folder = format!("tasks/archive/{}", now(&bench));
    bench.write(&format!("{folder}/one.md"), "# An old one\n");
    bench.write(&format!("{folder}/one-2.md"), "# Another old one\n");
    bench.wait_task(&format!("{folder}/one-2.md"), |task| task.archived).await;
    bench.person(archive(task.id)).await;
    bench.settled().await;
    assert_eq!(bench.task(&format!("{folder}/one-3.md")).id, task.id);
    assert_eq!(bench.file(&format!("{folder}/one.md")), "# An old one\n");
    bench.write("tasks/one.md", "# A new one\n");
    bench.wait_task("tasks/one.md", |task| task.title == "A new one").await;
    bench.person(Command::RestoreTask(on(task.id))).await;
    bench.settled().await;
    assert_eq!(bench.task("tasks/one-3.md").id, task.id);
    assert_eq!(bench.file("tasks/one.md"), "# A new one\n");
}

#[tokio::test]
async fn a_move_that_was_cut_short_on_either_side_of_the_rename_comes_to_one_file() {
    for renamed in [false, true] {
        let bench = Bench::new().await;
        let task = bench.task("tasks/one.md");
        bench.engine.clone().shutdown().await;
        let bench = bench.reopened();
        let job = bench.person(archive(task.id)).await;
        let place = format!("tasks/archive/{}/one.md", now(&bench));
        fs::create_dir_all(bench.path(&place).parent().unwrap()).unwrap();
        receipts::store(&bench.engine, &receipt(job), &Chosen { to: place.clone() }).unwrap();
        if renamed {
            fs::rename(bench.path("tasks/one.md"), bench.path(&place)).unwrap();
        }
        bench.start();
        bench.settled().await;
        assert_eq!(files(&bench), [place.clone(), "tasks/two.md".to_owned()], "{renamed}");
        assert_eq!((bench.task(&place).id, bench.tasks().len()), (task.id, 2), "{renamed}");
    }
}

#[tokio::test]
async fn what_can_not_be_moved_says_why_and_is_shown_where_it_is() {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md");
    bench.write("tasks/archive", "in the way\n");
    let job = bench.person(archive(task.id)).await;
    let reason = bench.wait(|state| match &state.job(job)?.state {
        JobState::Failed { reason, .. } => Some(reason.clone()),
        JobState::Pending => None,
    });
    assert!(reason.await.contains("Move it away"));
    assert!(!bench.task("tasks/one.md").archived);
    fs::remove_file(bench.path("tasks/archive")).unwrap();
    // An editor writes it in between: what it wrote is moved.
    bench.write("tasks/one.md", "# Edited meanwhile\n");
    bench.retry(job).await;
    bench.settled().await;
    let place = format!("tasks/archive/{}/one.md", now(&bench));
    assert_eq!(bench.file(&place), "# Edited meanwhile\n");
    let archived = bench.wait_task(&place, |task| task.title == "Edited meanwhile").await;
    assert_eq!((archived.id, archived.archived, bench.tasks().len()), (task.id, true, 2));
}
