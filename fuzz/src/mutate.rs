//! Mutations of lines and of the JSON in them. Bytes flipped anywhere mostly make lines that are no JSON, which every
//! driver passes over at its door.

use fastrand::Rng;
use serde_json::{Value, json};

/// Mutates the first `size` bytes of `data` in place, within `max_size`, and returns the new size. One time in three
/// the bytes are left to libFuzzer.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut rng = Rng::with_seed(u64::from(seed));
    let text = std::str::from_utf8(&data[..size]).ok().filter(|text| !text.is_empty());
    let mutated = text.filter(|_| rng.u8(0..3) > 0).map(|text| mutated(text, &mut rng));
    match mutated.filter(|mutated| mutated.len() <= max_size) {
        Some(mutated) => {
            data[..mutated.len()].copy_from_slice(mutated.as_bytes());
            mutated.len()
        }
        None => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}

fn mutated(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let at = rng.usize(0..lines.len());
    let other = rng.usize(0..lines.len());
    match rng.u8(0..10) {
        0 => {
            lines.remove(at);
        }
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => lines.insert(at, deed(rng)),
        4 => lines[at] = lines[at].chars().take(rng.usize(0..64)).collect(),
        _ => {
            if let Ok(mut line) = serde_json::from_str::<Value>(&lines[at]) {
                let donor = serde_json::from_str::<Value>(&lines[other]).unwrap_or_default();
                change(&mut line, &donor, rng);
                lines[at] = line.to_string();
            }
        }
    }
    lines.join("\n")
}

fn deed(rng: &mut Rng) -> String {
    let (which, option) = (rng.char('0'..='3'), rng.char('0'..='5'));
    match rng.u8(0..7) {
        0 | 1 => ">pgo".to_owned(),
        2 => ">igo".to_owned(),
        3 => ">sgo".to_owned(),
        4 => ">c".to_owned(),
        5 => format!(">o{which}{option}"),
        _ => format!(">a{which}{option}{}", if rng.bool() { "why" } else { "" }),
    }
}

/// Changes one value somewhere in `line`: to another kind, to one of `donor`'s, to one twice or none of it.
fn change(line: &mut Value, donor: &Value, rng: &mut Rng) {
    let count = nodes(line);
    let given = nth(donor, rng.usize(0..nodes(donor))).cloned().unwrap_or_default();
    let Some(value) = nth_mut(line, &mut rng.usize(0..count)) else { return };
    *value = match (rng.u8(0..9), value.take()) {
        (0, _) => Value::Null,
        (1, _) => json!(""),
        (2, _) => json!(-1),
        (3, _) => json!(u64::MAX),
        (4, _) => json!([]),
        (5, _) => given,
        (6, Value::Array(mut items)) => {
            items.extend(items.last().cloned());
            Value::Array(items)
        }
        (6 | 7, Value::Object(mut fields)) => {
            let key = fields.keys().nth(rng.usize(0..fields.len().max(1))).cloned();
            key.map(|key| fields.remove(&key));
            Value::Object(fields)
        }
        (7, Value::Array(mut items)) => {
            items.pop();
            Value::Array(items)
        }
        (8, value) if rng.u8(0..16) == 0 => (0..rng.u8(80..128)).fold(value, |inner, _| json!([inner])),
        (_, Value::String(text)) => json!(text.repeat(2)),
        (_, Value::Bool(yes)) => json!(!yes),
        (_, value) => json!([value]),
    };
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

fn nodes(value: &Value) -> usize {
    1 + children(value).into_iter().map(nodes).sum::<usize>()
}

fn nth(value: &Value, which: usize) -> Option<&Value> {
    let mut left = vec![value];
    for _ in 0..which {
        let next = left.pop()?;
        left.extend(children(next));
    }
    left.pop()
}

fn nth_mut<'a>(value: &'a mut Value, which: &mut usize) -> Option<&'a mut Value> {
    if *which == 0 {
        return Some(value);
    }
    *which -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth_mut(item, which)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth_mut(field, which)),
        _ => None,
    }
}
