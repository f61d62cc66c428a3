//! What a process takes, as `/proc` says.

use anyhow::{Context as _, Result};
use std::fs;

fn kilobytes(file: &str, field: &str) -> Result<f64> {
    let text = fs::read_to_string(file).with_context(|| format!("{file} can't be read"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let number =
        line.and_then(|line| line.split_whitespace().next()).with_context(|| format!("{file} has no {field}"))?;
    Ok(number.parse()?)
}

/// Resident memory in MB.
pub fn resident(pid: u32) -> Result<f64> {
    Ok(kilobytes(&format!("/proc/{pid}/status"), "VmRSS")? / 1024.0)
}

/// Memory in MB, with shared pages divided among those who share them.
pub fn share(pid: u32) -> Result<f64> {
    Ok(kilobytes(&format!("/proc/{pid}/smaps_rollup"), "Pss")? / 1024.0)
}

/// Seconds of CPU that a process has used, without its children.
pub fn cpu(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // After the name, which may hold blanks: utime and stime are the 12th and 13th, in ticks of 10 ms.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace().skip(11).take(2);
    let ticks = fields.map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

/// This machine in one line.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, Linux {}", system.trim())
}
