//! The process table from `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

use super::Row;
use crate::identity::Identity;

/// Field of `/proc/<pid>/stat`: the size of its memory in bytes.
const VSIZE: usize = 23;
/// Field of `/proc/<pid>/stat`: where its code ends; 0 until it is entered.
const CODE_END: usize = 27;
/// Field of `/proc/<pid>/stat`: where its environment begins.
const ENV_START: usize = 50;
/// Field of `/proc/<pid>/stat`: where its environment ends.
const ENV_END: usize = 51;
/// How often an environment is looked at that is not whole.
const EXEC_LOOKS: u32 = 100;
/// How long between two such looks.
const EXEC_LOOK: Duration = Duration::from_millis(1);

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
    let wanted = format!("{name}={value}");
    for _ in 0..EXEC_LOOKS {
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else {
            return false;
        };
        if environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()) {
            return true;
        }
        if fs::read(format!("/proc/{pid}/stat")).map_or(true, |stat| is_whole(&environment, &stat)) {
            return false;
        }
        std::thread::sleep(EXEC_LOOK);
    }
    false
}

/// Whether this is all of the environment of the process of which `stat` tells. It is not while one program takes the
/// place of another: what is read ends where the old memory goes away (`environ_read` in `fs/proc/base.c`), and in the
/// new one the environment grows until, behind it, the end of the code is noted (`load_elf_binary` in `fs/binfmt_elf.c`).
/// A kernel thread and a zombie have no memory.
fn is_whole(environment: &[u8], stat: &[u8]) -> bool {
    let Some(fields) = fields(stat) else { return true };
    let number = |number| field(&fields, number).and_then(|field| field.parse::<usize>().ok()).unwrap_or(0);
    let size = number(ENV_END).saturating_sub(number(ENV_START));
    number(VSIZE) == 0 || (number(CODE_END) != 0 && environment.len() == size)
}

/// The row in `/proc/<pid>/stat`.
fn parse(pid: u32, stat: &[u8]) -> Option<Row> {
    let fields = fields(stat)?;
    let field = |number| field(&fields, number);
    Some(Row {
        identity: Identity { pid, start_time: field(22)?.parse().ok()? },
        parent: field(4)?.parse().ok()?,
        group: field(5)?.parse().unwrap_or(0),
        zombie: matches!(field(3)?, "Z" | "X"),
    })
}

/// The fields of `/proc/<pid>/stat` behind the name. The name in field 2 may hold spaces and parentheses, so counting
/// starts after the last one.
fn fields(stat: &[u8]) -> Option<Vec<&str>> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    Some(rest.split_ascii_whitespace().collect())
}

/// A field by its number in proc(5).
fn field<'a>(fields: &[&'a str], number: usize) -> Option<&'a str> {
    fields.get(number.checked_sub(3)?).copied()
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
