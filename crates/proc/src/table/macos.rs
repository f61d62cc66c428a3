//! The process table from libproc. Environments of other processes are not readable here, so marks find nothing
//! and only descendants and groups are reached.

use std::io;
use std::mem;

use super::Row;
use crate::identity::Identity;

#[expect(unsafe_code, reason = "libproc has no safe wrapper among our dependencies")]
pub fn row(pid: u32) -> Option<Row> {
    let raw = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
    let size = i32::try_from(mem::size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: the structure is plain data for which all zeroes is valid.
    let mut info: libc::proc_bsdinfo = unsafe { mem::zeroed() };
    // SAFETY: the pointer is to a live structure of exactly the size that is passed.
    let read = unsafe { libc::proc_pidinfo(raw, libc::PROC_PIDTBSDINFO, 0, (&raw mut info).cast(), size) };
    if read != size {
        return None;
    }
    Some(Row {
        identity: Identity { pid, start_time: info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec },
        parent: info.pbi_ppid,
        group: info.pbi_pgid,
        zombie: info.pbi_status == libc::SZOMB,
    })
}

#[expect(unsafe_code, reason = "libproc has no safe wrapper among our dependencies")]
pub fn rows() -> io::Result<Vec<Row>> {
    // Room for processes that start between asking for the number and reading the list.
    const SPARE: usize = 64;
    // SAFETY: a null buffer of length zero only asks for the number of processes.
    let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    let mut pids = vec![0_i32; count + SPARE];
    let bytes = i32::try_from(pids.len() * mem::size_of::<i32>()).map_err(io::Error::other)?;
    // SAFETY: the buffer is live and `bytes` long.
    let filled = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), bytes) };
    let filled = usize::try_from(filled).map_err(|_| io::Error::last_os_error())?;
    pids.truncate(filled);
    Ok(pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).filter_map(row).collect())
}

pub fn has_variable(_pid: u32, _name: &str, _value: &str) -> bool {
    false
}
