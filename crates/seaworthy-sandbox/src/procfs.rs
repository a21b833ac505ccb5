//! What `/proc` tells about the processes of a box. Every parser takes any text and never fails.

use std::collections::BTreeSet;
use std::fs;

/// What the kernel shows of one process in `/proc/<pid>/status` and beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcStatus {
    /// Effective user id, as the host sees it in a box without a user namespace.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Bounding set.
    pub cap_bnd: u64,
    /// Effective set.
    pub cap_eff: u64,
    /// Permitted set.
    pub cap_prm: u64,
    /// Inheritable set.
    pub cap_inh: u64,
    /// Ambient set.
    pub cap_amb: u64,
    /// `no_new_privs`.
    pub no_new_privs: bool,
    /// 0 without a filter, 2 with one.
    pub seccomp_mode: u32,
    /// How many filters are stacked.
    pub seccomp_filters: u32,
    /// Caught signals; bit n-1 is signal n.
    pub sig_caught: u64,
    /// Ignored signals.
    pub sig_ignored: u64,
    /// Resident memory in KiB.
    pub vm_rss_kib: u64,
    /// Open file descriptors.
    pub fds: usize,
    /// Threads.
    pub threads: u32,
    /// The kernel's short name.
    pub comm: String,
    /// The executed file, as a path inside the box.
    pub exe: Option<String>,
    /// The arguments, as the process shows them.
    pub cmdline: Vec<String>,
    /// One letter, as in `ps`.
    pub state: char,
}

impl ProcStatus {
    /// Whether a handler for the signal is installed.
    pub fn catches(&self, signal: i32) -> bool {
        u32::try_from(signal - 1).is_ok_and(|bit| self.sig_caught.checked_shr(bit).unwrap_or(0) & 1 == 1)
    }
}

/// One process of a box; a zombie is one too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proc {
    /// As the host numbers it.
    pub pid: i32,
    /// As the box numbers it.
    pub ns_pid: i32,
    /// Its parent as the host numbers it.
    pub ppid: i32,
    /// One letter, as in `ps`; `Z` is a zombie.
    pub state: char,
    /// The kernel's short name.
    pub comm: String,
    /// Resident memory in KiB; a zombie has none.
    pub rss_kib: u64,
    /// Threads.
    pub threads: u32,
    /// Open file descriptors, where they may be counted.
    pub fds: usize,
    /// Processor time its threads used or waited for, in milliseconds: on a crowded machine what it used says little.
    pub cpu_ms: u64,
}

/// What went wrong in a network without a way out, by the kernel's counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unreached {
    /// Packets and connections for which no route was known: attempts to reach another machine.
    pub no_route: u64,
    /// Datagrams to a local port nobody listens on, as where a name server should be.
    pub no_port: u64,
}

/// The fields of `/proc/<pid>/stat` this crate needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) state: char,
    pub(crate) started: u64,
    /// User and system time in clock ticks, of which there are 100 in a second on every Linux.
    pub(crate) ticks: u64,
}

pub(crate) fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

pub(crate) fn start_time(pid: i32) -> Option<u64> {
    stat(pid).map(|stat| stat.started)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name stands in brackets and may contain anything, brackets and spaces too.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // Fields 14, 15 and 22; the state is field 3.
    let user: u64 = fields.nth(10)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Stat { state, started: fields.nth(6)?.parse().ok()?, ticks: user.saturating_add(system) })
}

/// Reads everything about one process; `None` when it is gone.
pub(crate) fn status(pid: i32) -> Option<ProcStatus> {
    let directory = format!("/proc/{pid}");
    let mut status = parse_status(&fs::read_to_string(format!("{directory}/status")).ok()?);
    status.fds = fs::read_dir(format!("{directory}/fd")).map(Iterator::count).unwrap_or_default();
    status.exe =
        fs::read_link(format!("{directory}/exe")).ok().map(|path| path.to_string_lossy().into_owned());
    status.cmdline =
        fs::read(format!("{directory}/cmdline")).map(|text| arguments(&text)).unwrap_or_default();
    Some(status)
}

fn arguments(text: &[u8]) -> Vec<String> {
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn parse_status(text: &str) -> ProcStatus {
    let mut status = ProcStatus::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let first = value.split_ascii_whitespace().next().unwrap_or_default();
        let hex = || u64::from_str_radix(value, 16).unwrap_or_default();
        // Four ids: real, effective, saved, file system.
        let effective =
            || value.split_ascii_whitespace().nth(1).and_then(|id| id.parse().ok()).unwrap_or_default();
        match key {
            "Name" => value.clone_into(&mut status.comm),
            "State" => status.state = value.chars().next().unwrap_or_default(),
            "Uid" => status.uid = effective(),
            "Gid" => status.gid = effective(),
            "Groups" => {
                status.groups = value.split_ascii_whitespace().filter_map(|id| id.parse().ok()).collect();
            }
            "VmRSS" => status.vm_rss_kib = first.parse().unwrap_or_default(),
            "Threads" => status.threads = first.parse().unwrap_or_default(),
            "SigCgt" => status.sig_caught = hex(),
            "SigIgn" => status.sig_ignored = hex(),
            "CapInh" => status.cap_inh = hex(),
            "CapPrm" => status.cap_prm = hex(),
            "CapEff" => status.cap_eff = hex(),
            "CapBnd" => status.cap_bnd = hex(),
            "CapAmb" => status.cap_amb = hex(),
            "NoNewPrivs" => status.no_new_privs = first == "1",
            "Seccomp" => status.seccomp_mode = first.parse().unwrap_or_default(),
            "Seccomp_filters" => status.seccomp_filters = first.parse().unwrap_or_default(),
            _ => {}
        }
    }
    status
}

/// One process for a list; zombies have everything this needs.
pub(crate) fn process(pid: i32) -> Option<Proc> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut proc = Proc {
        pid,
        ns_pid: 0,
        ppid: 0,
        state: '?',
        comm: String::new(),
        rss_kib: 0,
        threads: 0,
        fds: fs::read_dir(format!("/proc/{pid}/fd")).map(Iterator::count).unwrap_or_default(),
        cpu_ms: demand(pid).or_else(|| stat(pid).map(|stat| stat.ticks * 10)).unwrap_or_default(),
    };
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let last = || value.split_ascii_whitespace().last().and_then(|pid| pid.parse().ok()).unwrap_or(0);
        match key {
            "Name" => value.clone_into(&mut proc.comm),
            "State" => proc.state = value.chars().next().unwrap_or('?'),
            "PPid" => proc.ppid = last(),
            // From the outermost namespace that shows it to its own.
            "NSpid" => proc.ns_pid = last(),
            "VmRSS" => proc.rss_kib = first(value),
            "Threads" => proc.threads = first(value).try_into().unwrap_or_default(),
            _ => {}
        }
    }
    Some(proc)
}

/// The time the threads of a process ran or stood in line for a processor, in milliseconds.
fn demand(pid: i32) -> Option<u64> {
    let mut total: Option<u64> = None;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.filter_map(Result::ok) {
        let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        // Both in nanoseconds; the third field counts turns.
        let mut fields = text.split_ascii_whitespace().map_while(|field| field.parse::<u64>().ok());
        let time = fields.next()?.saturating_add(fields.next()?);
        total = Some(total.unwrap_or_default().saturating_add(time));
    }
    total.map(|nanoseconds| nanoseconds / 1_000_000)
}

/// The number a value begins with.
fn first(value: &str) -> u64 {
    value.split_ascii_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The counters of the network a process is in; `None` when it is gone.
pub(crate) fn unreached(pid: i32) -> Option<Unreached> {
    let four = fs::read_to_string(format!("/proc/{pid}/net/snmp")).ok()?;
    // A kernel without IPv6 has no such table.
    let six = fs::read_to_string(format!("/proc/{pid}/net/snmp6")).unwrap_or_default();
    Some(Unreached {
        no_route: counter(&four, "Ip:", "OutNoRoutes") + counter6(&six, "Ip6OutNoRoutes"),
        no_port: counter(&four, "Udp:", "NoPorts") + counter6(&six, "Udp6NoPorts"),
    })
}

/// A counter of `/proc/net/snmp`: each group is a line of names and one of numbers.
fn counter(text: &str, group: &str, name: &str) -> u64 {
    let mut lines = text.lines().filter(|line| line.split_ascii_whitespace().next() == Some(group));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else { return 0 };
    let mut pairs = names.split_ascii_whitespace().zip(numbers.split_ascii_whitespace());
    pairs.find(|(known, _)| *known == name).and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

/// A counter of `/proc/net/snmp6`: a name and a number on each line.
fn counter6(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.split_ascii_whitespace().next() == Some(name));
    line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

/// The processes below the given ones, themselves included, in order of their host pids.
///
/// The box's cgroup would hide zombies, so the kernel's lists of children are followed instead.
pub(crate) fn descendants(roots: &[i32]) -> BTreeSet<i32> {
    let (mut found, mut open) = (BTreeSet::new(), roots.to_vec());
    while let Some(pid) = open.pop() {
        if found.insert(pid) {
            open.extend(children(pid));
        }
    }
    found
}

fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads
        .filter_map(Result::ok)
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_stat_may_contain_anything() {
        let tail = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        let stat = parse_stat(&format!("12 (a) b (c)) {tail}")).unwrap();
        assert_eq!(stat, Stat { state: 'S', started: 4242, ticks: 11 + 12 });
        for text in ["", ")", "1 (x) S", "1 (x) S 1 2 3"] {
            assert_eq!(parse_stat(text), None, "{text}");
        }
    }

    #[test]
    fn status_is_read_as_the_kernel_writes_it() {
        let text = "Name:\tsh\nState:\tZ (zombie)\nUid:\t0\t1000\t0\t0\nGroups:\t4 24 \nSigCgt:\t0000000000004002\n\
                    CapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\nVmRSS:\t  1234 kB\nThreads:\t3\nodd";
        let status = parse_status(text);
        assert_eq!((status.uid, status.state, status.vm_rss_kib, status.threads), (1000, 'Z', 1234, 3));
        assert_eq!(status.groups, [4, 24]);
        assert!(status.catches(15) && status.catches(2) && !status.catches(1) && !status.catches(0));
        assert!(status.no_new_privs && status.seccomp_mode == 2 && status.seccomp_filters == 2);
        assert_eq!(status.cap_bnd, 0xa804_25fb);
        assert_eq!(arguments(b"a\0\0b\0"), ["a", "", "b"]);
        assert!(arguments(b"").is_empty());
    }

    #[test]
    fn counters_are_found_by_their_names() {
        let text = "Ip: Forwarding OutNoRoutes\nIp: 1 7\nUdp: InDatagrams NoPorts\nUdp: 4 2\nUdpLite: NoPorts\nUdpLite: 9\n";
        assert_eq!(counter(text, "Ip:", "OutNoRoutes"), 7);
        assert_eq!(counter(text, "Udp:", "NoPorts"), 2);
        assert_eq!(counter("Ip: OutNoRoutes", "Ip:", "OutNoRoutes"), 0);
        assert_eq!(counter6("Ip6InReceives  \t3\nIp6OutNoRoutes \t5\n", "Ip6OutNoRoutes"), 5);
        assert!(unreached(std::process::id().cast_signed()).is_some());
    }

    #[test]
    fn this_process_is_found() {
        let pid = std::process::id().cast_signed();
        let me = process(pid).unwrap();
        assert_eq!((me.pid, me.ns_pid), (pid, pid));
        assert!(descendants(&[pid]).contains(&pid));
        assert!(status(pid).is_some_and(|status| status.fds > 0 && !status.cmdline.is_empty()));
    }
}
