//! Deeds of a script, bound to whatever tools the agent offers: names and arguments move between agents and releases.

use serde_json::{Map, Value, json};

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    /// Its name.
    pub(super) name: String,
    /// What it takes.
    pub(super) form: Form,
}

/// What a tool takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// Arguments by this JSON schema.
    Fields(Value),
    /// A text in a language of its own.
    Text,
}

/// What a script does. Paths are whole ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Writes a new file.
    Write { path: String, content: String },
    /// Replaces whole lines of a file.
    Edit { path: String, old: String, new: String },
    /// Runs a command line.
    Run { command: String },
    /// Runs a command line outside the agent's own sandbox, where it has one.
    RunOutside { command: String },
}

/// A call of an offered tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// The tool's name.
    pub(super) name: String,
    /// What it is given.
    pub(super) input: Input,
}

/// What a tool is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    /// Arguments.
    Fields(Value),
    /// A text.
    Text(String),
}

impl Input {
    /// The arguments, for a vendor whose tools take nothing else.
    pub(super) fn fields(&self) -> Value {
        match self {
            Self::Fields(fields) => fields.clone(),
            Self::Text(text) => json!({ "input": text }),
        }
    }
}

const WRITERS: &[&str] = &["Write", "write_file", "write", "create", "create_file", PATCHER];
const EDITORS: &[&str] = &["Edit", "replace", "edit", "str_replace", PATCHER];
const RUNNERS: &[&str] = &["Bash", "run_shell_command", "bash", "exec_command", "shell"];
/// Takes a patch in a language of its own: `*** Begin Patch`.
const PATCHER: &str = "apply_patch";

const PATHS: &[&str] = &["file_path", "filePath", "absolute_path", "path"];
const CONTENTS: &[&str] = &["content", "contents", "file_text"];
const OLDS: &[&str] = &["old_string", "oldString", "old_str"];
const NEWS: &[&str] = &["new_string", "newString", "new_str"];
const COMMANDS: &[&str] = &["command", "cmd", "script"];
/// Of a tool that asks whether the command may leave the sandbox: what is to be put there.
const LEAVE: (&str, &str) = ("sandbox_permissions", "require_escalated");

/// What a tool must know: by what an argument may be called, and its value.
type Wanted<'a> = Vec<(&'static [&'static str], &'a str)>;

impl Deed {
    /// The names of tools that are known to do it, the best first.
    fn tools(&self) -> &'static [&'static str] {
        match self {
            Self::Write { .. } => WRITERS,
            Self::Edit { .. } => EDITORS,
            Self::Run { .. } | Self::RunOutside { .. } => RUNNERS,
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        match self {
            Self::Write { path, content } => vec![(PATHS, path), (CONTENTS, content)],
            Self::Edit { path, old, new } => vec![(PATHS, path), (OLDS, old), (NEWS, new)],
            Self::Run { command } | Self::RunOutside { command } => vec![(COMMANDS, command)],
        }
    }

    /// The text that does it, for a tool that takes one.
    fn text(&self, tool: &str) -> Option<String> {
        let lines = |sign: &str, text: &str| text.lines().flat_map(|line| [sign, line, "\n"]).collect::<String>();
        let body = match self {
            Self::Write { path, content } => format!("*** Add File: {path}\n{}", lines("+", content)),
            Self::Edit { path, old, new } => {
                format!("*** Update File: {path}\n@@\n{}{}", lines("-", old), lines("+", new))
            }
            Self::Run { .. } | Self::RunOutside { .. } => return None,
        };
        (tool == PATCHER).then(|| format!("*** Begin Patch\n{body}*** End Patch\n"))
    }
}

/// The call that does it: by a known name, else by what the arguments are called. None where no tool fits.
pub(super) fn bind(deed: &Deed, offers: &[Offer]) -> Option<Call> {
    let known = deed.tools().iter().filter_map(|name| offers.iter().find(|offer| offer.name == *name));
    known.chain(offers).find_map(|offer| {
        let input = match &offer.form {
            Form::Fields(schema) => Input::Fields(arguments(deed, schema)?),
            Form::Text => Input::Text(deed.text(&offer.name)?),
        };
        Some(Call { name: offer.name.clone(), input })
    })
}

fn arguments(deed: &Deed, schema: &Value) -> Option<Value> {
    let properties = schema.get("properties")?.as_object()?;
    let mut arguments = Map::new();
    for (names, value) in deed.wanted() {
        let name = names.iter().find(|name| properties.contains_key(**name))?;
        arguments.insert((*name).to_owned(), json!(value));
    }
    if matches!(deed, Deed::RunOutside { .. }) && properties.contains_key(LEAVE.0) {
        arguments.insert(LEAVE.0.to_owned(), json!(LEAVE.1));
        arguments.insert("justification".to_owned(), json!("The script wants it."));
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !arguments.contains_key(name) {
            arguments.insert(name.to_owned(), filler(properties.get(name)?)?);
        }
    }
    Some(Value::Object(arguments))
}

/// Something that fits a schema and says nothing; none for what only a meaning can fill.
pub(super) fn filler(schema: &Value) -> Option<Value> {
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return Some(first.clone());
    }
    match schema.get("type")?.as_str()?.to_ascii_lowercase().as_str() {
        "string" => Some(json!("scripted")),
        "boolean" => Some(json!(false)),
        "integer" | "number" => Some(json!(0)),
        "object" => {
            let properties = schema.get("properties")?.as_object()?;
            let fields = properties.iter().map(|(name, schema)| Some((name.clone(), filler(schema)?)));
            fields.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, properties: &[&str], required: &[&str]) -> Offer {
        let properties: Map<_, _> =
            properties.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        let form = Form::Fields(json!({ "properties": properties, "required": required }));
        Offer { name: name.to_owned(), form }
    }

    fn called(name: &str, arguments: Value) -> Call {
        Call { name: name.to_owned(), input: Input::Fields(arguments) }
    }

    #[test]
    fn a_known_name_stands_before_arguments_that_fit() {
        let offers = [offer("note", &["path", "content"], &[]), offer("write_file", &["file_path", "content"], &[])];
        let call = bind(&Deed::Write { path: "p".to_owned(), content: "c".to_owned() }, &offers);
        assert_eq!(call, Some(called("write_file", json!({ "file_path": "p", "content": "c" }))));
    }

    #[test]
    fn an_unknown_tool_is_found_by_its_arguments_and_given_what_it_requires() {
        let offers = [offer("read", &["path"], &[]), offer("execute", &["cmd", "why"], &["cmd", "why"])];
        let call = bind(&Deed::Run { command: "ls".to_owned() }, &offers);
        assert_eq!(call, Some(called("execute", json!({ "cmd": "ls", "why": "scripted" }))));
    }

    #[test]
    fn a_patch_is_written_where_a_tool_takes_one() {
        let offers = [Offer { name: "apply_patch".to_owned(), form: Form::Text }];
        let write = Deed::Write { path: "a".to_owned(), content: "one\ntwo\n".to_owned() };
        let edit = Deed::Edit { path: "a".to_owned(), old: "one".to_owned(), new: "1\n2".to_owned() };
        let patch = |deed| match bind(&deed, &offers).unwrap().input {
            Input::Text(patch) => patch,
            Input::Fields(fields) => fields.to_string(),
        };
        assert_eq!(patch(write), "*** Begin Patch\n*** Add File: a\n+one\n+two\n*** End Patch\n");
        assert_eq!(patch(edit), "*** Begin Patch\n*** Update File: a\n@@\n-one\n+1\n+2\n*** End Patch\n");
        assert_eq!(bind(&Deed::Run { command: "ls".to_owned() }, &offers), None);
    }

    #[test]
    fn only_who_wants_to_leaves_the_sandbox() {
        let offers = [offer("exec_command", &["cmd", "sandbox_permissions", "justification"], &["cmd"])];
        let command = "ls".to_owned();
        let outside = bind(&Deed::RunOutside { command: command.clone() }, &offers).unwrap().input.fields();
        assert_eq!(outside["sandbox_permissions"], "require_escalated");
        assert_eq!(bind(&Deed::Run { command }, &offers), Some(called("exec_command", json!({ "cmd": "ls" }))));
    }

    #[test]
    fn a_form_is_filled_with_what_fits() {
        let form = json!({ "type": "OBJECT", "properties": {
            "reasoning": { "type": "string" }, "choice": { "type": "string", "enum": ["flash", "pro"] },
        } });
        assert_eq!(filler(&form), Some(json!({ "reasoning": "scripted", "choice": "flash" })));
    }

    #[test]
    fn without_a_fitting_tool_nothing_is_called() {
        assert_eq!(bind(&Deed::Run { command: "ls".to_owned() }, &[offer("read", &["path"], &[])]), None);
    }
}
