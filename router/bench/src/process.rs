//! What the operating system says a process has used (`proc(5)`).

use std::time::Duration;

use anyhow::Context as _;

/// Clock ticks per second in `/proc`: Linux has fixed it for programs, whatever the kernel's own rate is.
const TICKS: u64 = 100;

/// CPU time of a process, all its threads, in user and kernel mode.
///
/// # Errors
/// When the process is gone.
pub fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    parse_cpu_time(&text).with_context(|| format!("{path} is not as expected"))
}

/// The most memory that was ever resident, in bytes.
///
/// # Errors
/// When the process is gone.
pub fn peak_memory(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmHWM:")
}

/// The memory that is resident now, in bytes.
///
/// # Errors
/// When the process is gone.
pub fn memory(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmRSS:")
}

fn status(pid: u32, name: &str) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    parse_memory(&text, name).with_context(|| format!("{path} is not as expected"))
}

/// Fields 14 and 15; the second one is the program's name in parentheses and may hold anything.
fn parse_cpu_time(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS))
}

fn parse_memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_where_the_manual_has_them() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 8 7 6 250 50 1 2 20 0 4 0 99 5 6";
        assert_eq!(parse_cpu_time(stat), Some(Duration::from_secs(3)));
        let status = "Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(parse_memory(status, "VmHWM:"), Some(2 << 20));
        assert_eq!(parse_memory(status, "VmRSS:"), Some(1 << 10));
    }

    #[test]
    fn this_process_can_be_measured() {
        assert!(peak_memory(std::process::id()).unwrap() > 0);
        assert!(cpu_time(std::process::id()).is_ok());
    }
}
