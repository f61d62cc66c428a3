//! The process table from `/proc`.

use std::fs;
use std::io;

use super::Row;
use crate::identity::Identity;

pub fn row(pid: u32) -> Option<Row> {
    if pid == 0 {
        return None;
    }
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

pub fn rows() -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process that ends while the table is read is simply not in it.
        rows.extend(row(pid));
    }
    Ok(rows)
}

pub fn has_variable(pid: u32, name: &str, value: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    let wanted = format!("{name}={value}");
    environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
}

/// Reads `/proc/<pid>/stat`, fields of proc(5). The name in field 2 may hold spaces and parentheses, so counting
/// starts after the last one.
fn parse(pid: u32, stat: &[u8]) -> Option<Row> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Row {
        identity: Identity { pid, start_time: field(22)?.parse().ok()? },
        parent: field(4)?.parse().ok()?,
        group: field(5)?.parse().unwrap_or(0),
        zombie: matches!(field(3)?, "Z" | "X"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_parentheses_does_not_shift_fields() {
        let line = b"7 (a) b (c)) S 3 5 5 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 99 1 2";
        let row = parse(7, line).unwrap();
        assert_eq!((row.parent, row.group, row.zombie), (3, 5, false));
        assert_eq!(row.identity, Identity { pid: 7, start_time: 99 });
    }

    #[test]
    fn cut_line_is_no_row() {
        assert_eq!(parse(7, b"7 (sh) S 3 5"), None);
        assert_eq!(parse(7, b""), None);
    }
}
