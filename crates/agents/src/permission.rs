//! What a permission lets an agent do without asking, whatever its own modes are called.

use qd_core::event::{OptionEffect, RequestOption, ToolKind};
use qd_core::row::Permission;
use std::path::Path;

/// Whether a tool call of this kind on these files (relative to the worktree where they lie in it) is allowed without
/// asking a person.
pub(crate) fn allows(permission: Permission, kind: Option<ToolKind>, files: &[String]) -> bool {
    match permission {
        Permission::Ask => false,
        Permission::Edit => {
            let edits = matches!(kind, Some(ToolKind::Edit | ToolKind::Delete | ToolKind::Move));
            edits && !files.is_empty() && files.iter().all(|file| is_inside(file))
        }
        Permission::Everything => true,
    }
}

fn is_inside(file: &str) -> bool {
    let path = Path::new(file);
    path.is_relative() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// The option that says yes just this once.
pub(crate) fn once(options: &[RequestOption]) -> Option<&RequestOption> {
    options.iter().find(|option| option.effect == OptionEffect::AllowOnce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_free_in_the_worktree_and_nowhere_else() {
        let allowed = |kind, files: &[&str]| {
            let files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
            allows(Permission::Edit, Some(kind), &files)
        };
        assert!(allowed(ToolKind::Edit, &["src/a.rs", "b"]));
        for files in [&[][..], &["/etc/passwd"], &["../outside"], &["src/../../outside"], &["a", "/b"]] {
            assert!(!allowed(ToolKind::Edit, files), "{files:?}");
        }
        assert!(!allowed(ToolKind::Execute, &["src/a.rs"]));
        assert!(!allows(Permission::Ask, Some(ToolKind::Edit), &["a".to_owned()]));
        assert!(allows(Permission::Everything, None, &[]));
    }
}
