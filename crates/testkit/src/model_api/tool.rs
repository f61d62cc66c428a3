//! Deeds of a script, bound to whatever tools the agent offers: names and arguments move between agents and releases.

use serde_json::{Map, Value, json};

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    /// Its name.
    pub(super) name: String,
    /// The JSON schema of its arguments.
    pub(super) schema: Value,
}

/// What a script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Writes a whole file.
    Write { path: String, content: String },
    /// Runs a command line.
    Run { command: String },
}

/// A call of an offered tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// The tool's name.
    pub(super) name: String,
    /// Its arguments.
    pub(super) arguments: Value,
}

const WRITERS: [&str; 4] = ["Write", "write_file", "write", "create_file"];
const RUNNERS: [&str; 5] = ["Bash", "run_shell_command", "bash", "shell", "exec_command"];
/// Takes a text instead of arguments: a patch.
const PATCHER: &str = "apply_patch";
const PATHS: [&str; 4] = ["file_path", "filePath", "absolute_path", "path"];
const CONTENTS: [&str; 3] = ["content", "contents", "file_text"];
const COMMANDS: [&str; 3] = ["command", "cmd", "script"];

/// The call that does it: by a known name, else by what the arguments are called. None where no tool fits.
pub(super) fn bind(deed: &Deed, offers: &[Offer]) -> Option<Call> {
    let (names, wanted): (&[&str], Vec<(&[&str], &str)>) = match deed {
        Deed::Write { path, content } => (&WRITERS, vec![(&PATHS, path), (&CONTENTS, content)]),
        Deed::Run { command } => (&RUNNERS, vec![(&COMMANDS, command)]),
    };
    if let (Deed::Write { path, content }, Some(offer)) = (deed, offers.iter().find(|offer| offer.name == PATCHER))
        && offer.schema.is_null()
    {
        let lines = content.lines().fold(String::new(), |lines, line| lines + "+" + line + "\n");
        let patch = format!("*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n");
        return Some(Call { name: offer.name.clone(), arguments: json!(patch) });
    }
    let known = names.iter().filter_map(|name| offers.iter().find(|offer| offer.name == *name));
    known.chain(offers).find_map(|offer| call(offer, &wanted))
}

fn call(offer: &Offer, wanted: &[(&[&str], &str)]) -> Option<Call> {
    let properties = offer.schema.get("properties")?.as_object()?;
    let mut arguments = Map::new();
    for (names, value) in wanted {
        let name = names.iter().find(|name| properties.contains_key(**name))?;
        arguments.insert((*name).to_owned(), json!(value));
    }
    for name in offer.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !arguments.contains_key(name) {
            arguments.insert(name.to_owned(), filler(properties.get(name)?)?);
        }
    }
    Some(Call { name: offer.name.clone(), arguments: Value::Object(arguments) })
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
        Offer { name: name.to_owned(), schema: json!({ "properties": properties, "required": required }) }
    }

    #[test]
    fn a_known_name_stands_before_arguments_that_fit() {
        let offers = [offer("note", &["path", "content"], &[]), offer("write_file", &["file_path", "content"], &[])];
        let call = bind(&Deed::Write { path: "p".to_owned(), content: "c".to_owned() }, &offers).unwrap();
        assert_eq!(
            call,
            Call { name: "write_file".to_owned(), arguments: json!({ "file_path": "p", "content": "c" }) }
        );
    }

    #[test]
    fn an_unknown_tool_is_found_by_its_arguments_and_given_what_it_requires() {
        let offers = [offer("read", &["path"], &[]), offer("execute", &["cmd", "why"], &["cmd", "why"])];
        let call = bind(&Deed::Run { command: "ls".to_owned() }, &offers).unwrap();
        assert_eq!(call, Call { name: "execute".to_owned(), arguments: json!({ "cmd": "ls", "why": "scripted" }) });
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
