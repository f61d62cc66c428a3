//! Prints the TypeScript types of everything that crosses to the page:
//! `cargo xtask codegen` runs it. An example, so that the crates of the
//! product are not built before `xtask` itself is.
//!
//! A type is found when a root below reaches it.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};

use anyhow::{Result, ensure};
use qd_client::{hub, list, transcript, view};
use qd_core::{command, derive, event, op, row};
use ts_rs::{Config, TS, TypeVisitor};

/// Declarations by name.
struct Declarations {
    config: Config,
    seen: HashSet<TypeId>,
    texts: BTreeMap<String, String>,
    /// Names that stand for more than one declaration.
    twice: Vec<String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // What TypeScript has already, such as strings and lists, has no file and no declaration.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            // `Record` is TypeScript's, and the name of a type of ours: ours shadows it.
            let decl = T::decl(&self.config);
            let decl = decl.replace("Record<string, unknown>", "{ [key: string]: unknown }");
            let text = format!("{docs}export {decl}\n");
            let name = T::ident(&self.config);
            if self.texts.get(&name).is_some_and(|other| *other != text) {
                self.twice.push(name.clone());
            }
            self.texts.insert(name, text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

macro_rules! visit {
    ($declarations:ident: $($root:ty),* $(,)?) => { $($declarations.visit::<$root>();)* };
}

#[expect(clippy::print_stdout, reason = "the output is what it is for")]
fn main() -> Result<()> {
    let config = Config::new().with_large_int("number");
    let mut types = Declarations { config, seen: HashSet::new(), texts: BTreeMap::new(), twice: Vec::new() };
    visit!(types: command::Command, event::Event, event::Activity, op::Record, op::Outcome);
    visit!(types: row::Row, row::Key);
    visit!(types: derive::Phase, derive::Attention, derive::Action);
    visit!(types: qd_wire::Mutation, qd_wire::Snapshot, qd_wire::SnapshotRequest);
    visit!(types: qd_wire::LogFrame, qd_wire::LogPage, qd_wire::ApiError);
    visit!(types: qd_wire::LoginRequest, qd_wire::LoginAnswer, qd_wire::ConfigAnswer);
    visit!(types: qd_wire::HealthAnswer, qd_wire::DocumentText, qd_wire::ChangesAnswer);
    visit!(types: qd_wire::FileDiff, qd_wire::FileColours, qd_wire::FileLines, qd_wire::FilesAnswer, qd_wire::OpenProject, qd_wire::OpenedProject);
    visit!(types: qd_wire::UncommittedHunk, qd_wire::RegistryAgent, qd_wire::OutsideConversation, qd_wire::WorktreesAnswer, qd_wire::Meeting);
    visit!(types: qd_client::Event, qd_client::Output, qd_client::Notice);
    visit!(types: hub::HubEvent, hub::HubEffect, list::Query, list::Lines);
    visit!(types: view::TaskView<'static>, view::SessionView<'static>, view::CommentView<'static>, view::SessionList);
    visit!(types: view::ConnectionView, view::Agents<'static>, qd_client::DocumentView);
    visit!(types: transcript::Item, transcript::Pushed);
    ensure!(types.twice.is_empty(), "two types of one name: {:?}", types.twice);
    println!("// Made by `cargo xtask codegen` from the Rust types of `core`, `wire` and `client`: do not edit.");
    for text in types.texts.values() {
        print!("\n{text}");
    }
    Ok(())
}
