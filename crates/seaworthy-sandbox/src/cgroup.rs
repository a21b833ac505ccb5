//! Limits and memory figures through cgroup v1, v2, both (hybrid) or none.
//!
//! Nothing here fails: what cannot be applied is a sentence that says why.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How this machine mounts its control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CgroupMode {
    /// Only cgroup v1 hierarchies.
    V1,
    /// Only the unified hierarchy.
    V2,
    /// v1 hierarchies with controllers, and a unified one beside them.
    Hybrid,
    /// None is mounted.
    None,
}

/// Where groups for boxes can be made.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    pub(crate) mode: CgroupMode,
    pub(crate) memory: Result<Place, String>,
    pub(crate) pids: Result<Place, String>,
}

/// How often processes ran into the limits of their groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// Processes the kernel killed for want of memory.
    pub memory: u64,
    /// Processes and threads that were refused.
    pub processes: u64,
}

impl Reached {
    /// What a process's own groups say; `None` where they are not seen from here.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let mounts = parse_mounts(&fs::read_to_string("/proc/self/mountinfo").ok()?);
        let own = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let place = |controller: &str| {
            let divided = |mount: &&Mount| {
                !mount.unified && mount.options.split(',').any(|option| option == controller)
            };
            let mount = mounts.iter().find(divided).or_else(|| mounts.iter().find(|mount| mount.unified))?;
            let listed =
                |list: &str| mount.unified && list.is_empty() || list.split(',').any(|n| n == controller);
            let directory = own_directory(mount, own_path(&own, listed)?);
            // From inside a container the path may lead nowhere, and its parent's numbers would be a stranger's.
            directory.join("cgroup.procs").is_file().then_some(Place { directory, unified: mount.unified })
        };
        Some(Self {
            memory: place("memory").map_or(0, |place| place.oom_kills()),
            processes: place("pids").map_or(0, |place| place.refused()),
        })
    }
}

/// A directory in which a group with one controller can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    directory: PathBuf,
    unified: bool,
}

/// The groups of one box.
#[derive(Debug, Default)]
pub(crate) struct Cgroup {
    memory: Option<Place>,
    pids: Option<Place>,
    /// Limits that were asked for and not applied, each with its reason.
    pub(crate) unapplied: Vec<String>,
}

impl Groups {
    /// Looks at this process's mounts and groups.
    pub(crate) fn find() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = parse_mounts(&mounts);
        let unified = mounts.iter().any(|mount| mount.unified);
        let divided = mounts.iter().any(|mount| !mount.unified);
        let mode = match (divided, unified) {
            (true, true) => CgroupMode::Hybrid,
            (true, false) => CgroupMode::V1,
            (false, true) => CgroupMode::V2,
            (false, false) => CgroupMode::None,
        };
        let find = |controller: &str| find_place(controller, &mounts, &own);
        Self { mode, memory: find("memory"), pids: find("pids") }
    }
}

impl Groups {
    /// The directories [`Cgroup::make`] may make for a box, for a record written before they exist.
    pub(crate) fn planned(&self, name: &str) -> Vec<PathBuf> {
        let mut list: Vec<_> =
            [&self.memory, &self.pids].into_iter().flatten().map(|place| directory_of(place, name)).collect();
        list.dedup();
        list
    }
}

impl Cgroup {
    /// Makes the groups of a box. A memory group is made without a limit too, for the peak.
    pub(crate) fn make(groups: &Groups, name: &str, memory: Option<u64>, pids: Option<u32>) -> Self {
        let mut group = Self::default();
        match make(&groups.memory, name) {
            Ok(place) => {
                if let Some(limit) = memory {
                    let file = place.file("memory.max", "memory.limit_in_bytes");
                    if let Err(error) = fs::write(&file, limit.to_string()) {
                        group
                            .unapplied
                            .push(format!("memory limit: cannot write `{}`: {error}", file.display()));
                    }
                    // Without this the limit only moves pages to swap. Not every kernel accounts swap.
                    let swap = place.file("memory.swap.max", "memory.memsw.limit_in_bytes");
                    let rest = if place.unified { 0 } else { limit };
                    let _ = fs::write(swap, rest.to_string());
                }
                group.memory = Some(place);
            }
            Err(reason) if memory.is_some() => group.unapplied.push(format!("memory limit: {reason}")),
            Err(_) => {}
        }
        if let Some(limit) = pids {
            match make(&groups.pids, name) {
                Ok(place) => {
                    let file = place.file("pids.max", "pids.max");
                    if let Err(error) = fs::write(&file, limit.to_string()) {
                        group
                            .unapplied
                            .push(format!("process limit: cannot write `{}`: {error}", file.display()));
                    }
                    group.pids = Some(place);
                }
                Err(reason) => group.unapplied.push(format!("process limit: {reason}")),
            }
        }
        group
    }

    /// Moves a process into the groups.
    pub(crate) fn attach(&mut self, pid: i32) {
        for directory in self.directories() {
            let file = directory.join("cgroup.procs");
            if let Err(error) = fs::write(&file, pid.to_string()) {
                let words =
                    format!("limits of `{}`: cannot move the process in: {error}", directory.display());
                self.unapplied.push(words);
            }
        }
    }

    /// The directories of the groups; one for both controllers on v2.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let mut list: Vec<_> =
            [&self.memory, &self.pids].into_iter().flatten().map(|place| place.directory.clone()).collect();
        list.dedup();
        list
    }

    /// Where a program looks for its own limits, with the group that shows them: below `/sys/fs/cgroup`, the empty
    /// name for the unified hierarchy.
    pub(crate) fn views(&self) -> Vec<(&'static str, PathBuf)> {
        let named = [("memory", &self.memory), ("pids", &self.pids)];
        let mut views: Vec<_> = named
            .into_iter()
            .filter_map(|(name, place)| place.as_ref().map(|place| (name, place)))
            .map(|(name, place)| (if place.unified { "" } else { name }, place.directory.clone()))
            .collect();
        views.dedup_by(|a, b| a.0 == b.0);
        views
    }

    /// Most memory used at once, in bytes.
    pub(crate) fn memory_peak(&self) -> Option<u64> {
        let file = self.memory.as_ref()?.file("memory.peak", "memory.max_usage_in_bytes");
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    /// How many processes of the box the kernel killed for want of memory.
    pub(crate) fn oom_kills(&self) -> u64 {
        self.memory.as_ref().map_or(0, Place::oom_kills)
    }

    /// How often the box ran into its limits.
    pub(crate) fn reached(&self) -> Reached {
        Reached { memory: self.oom_kills(), processes: self.pids.as_ref().map_or(0, Place::refused) }
    }

    /// Removes the groups once their processes are gone.
    pub(crate) fn remove(&self) {
        for directory in self.directories() {
            let _ = remove_group(&directory);
        }
    }
}

impl Place {
    fn oom_kills(&self) -> u64 {
        let text = fs::read_to_string(self.file("memory.events", "memory.oom_control")).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or_default()
    }

    fn refused(&self) -> u64 {
        let text = fs::read_to_string(self.file("pids.events", "pids.events")).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("max ")?.trim().parse().ok()).unwrap_or_default()
    }

    fn file(&self, unified: &str, divided: &str) -> PathBuf {
        self.directory.join(if self.unified { unified } else { divided })
    }
}

/// Removes an empty group. The kernel says EBUSY for a moment after the last process has ended.
pub(crate) fn remove_group(directory: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir(directory) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && tries < 100 => {
                tries += 1;
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => return other,
        }
    }
}

fn directory_of(place: &Place, name: &str) -> PathBuf {
    place.directory.join(format!("seaworthy-{name}"))
}

fn make(place: &Result<Place, String>, name: &str) -> Result<Place, String> {
    let place = place.as_ref().map_err(Clone::clone)?;
    let directory = directory_of(place, name);
    match fs::create_dir(&directory) {
        // On v2 both controllers share one group.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(format!("cannot create `{}`: {error}", directory.display()))
        }
        _ => Ok(Place { directory, unified: place.unified }),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    root: String,
    point: PathBuf,
    unified: bool,
    options: String,
}

fn parse_mounts(text: &str) -> Vec<Mount> {
    text.lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let mut left = left.split(' ').skip(3);
            let (root, point) = (left.next()?.to_owned(), PathBuf::from(left.next()?));
            let mut right = right.split(' ');
            let unified = match right.next()? {
                "cgroup" => false,
                "cgroup2" => true,
                _ => return None,
            };
            Some(Mount { root, point, unified, options: right.nth(1)?.to_owned() })
        })
        .collect()
}

fn find_place(controller: &str, mounts: &[Mount], own: &str) -> Result<Place, String> {
    if let Some(mount) =
        mounts.iter().find(|m| !m.unified && m.options.split(',').any(|option| option == controller))
    {
        let path = own_path(own, |list| list.split(',').any(|name| name == controller)).unwrap_or("/");
        // From inside a container the own path may not be visible; the mounted root then is the best there is.
        let directory = own_directory(mount, path);
        let directory = if directory.is_dir() { directory } else { mount.point.clone() };
        return if writable(&directory) {
            Ok(Place { directory, unified: false })
        } else {
            Err(format!("no permission to make a group in `{}`", directory.display()))
        };
    }
    let Some(mount) = mounts.iter().find(|mount| mount.unified) else {
        return Err("no control groups are mounted".to_owned());
    };
    let path = own_path(own, str::is_empty).unwrap_or("/");
    let own = own_directory(mount, path);
    // A group with processes cannot hand controllers on (the root excepted), so a sibling is the second choice.
    let mut reasons = Vec::new();
    for directory in [Some(own.as_path()), own.parent().filter(|parent| parent.starts_with(&mount.point))] {
        let Some(directory) = directory else { continue };
        match delegates(directory, controller) {
            Ok(()) => return Ok(Place { directory: directory.to_owned(), unified: true }),
            Err(reason) => reasons.push(reason),
        }
    }
    Err(reasons.join("; "))
}

fn delegates(directory: &Path, controller: &str) -> Result<(), String> {
    let has = |file: &str| {
        fs::read_to_string(directory.join(file))
            .is_ok_and(|text| text.split_ascii_whitespace().any(|name| name == controller))
    };
    if !has("cgroup.controllers") {
        return Err(format!("`{}` has no {controller} controller", directory.display()));
    }
    if !writable(directory) {
        return Err(format!("no permission to make a group in `{}`", directory.display()));
    }
    if !has("cgroup.subtree_control") {
        let file = directory.join("cgroup.subtree_control");
        fs::write(&file, format!("+{controller}"))
            .map_err(|error| format!("`{}` does not hand {controller} on: {error}", directory.display()))?;
    }
    Ok(())
}

fn own_path(own: &str, wanted: impl Fn(&str) -> bool) -> Option<&str> {
    own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let _hierarchy = parts.next()?;
        let list = parts.next()?;
        wanted(list).then(|| parts.next()).flatten()
    })
}

fn own_directory(mount: &Mount, path: &str) -> PathBuf {
    let below = Path::new(path).strip_prefix(&mount.root).unwrap_or_else(|_| Path::new(""));
    mount.point.join(below)
}

fn writable(directory: &Path) -> bool {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
        39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        41 31 0:38 /a /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n27 1 254:0 / / rw - ext4 /dev/vda rw\n";

    #[test]
    fn mounts_are_read() {
        let mounts = parse_mounts(HYBRID);
        assert_eq!(mounts.len(), 3);
        assert_eq!((mounts[0].options.as_str(), mounts[0].unified), ("rw,memory", false));
        assert_eq!((mounts[2].root.as_str(), mounts[2].unified), ("/a", true));
        assert!(parse_mounts("nonsense\n1 2 - cgroup").is_empty());
    }

    #[test]
    fn the_own_group_is_found_below_the_mounted_root() {
        let own = "8:pids:/\n4:cpu,memory:/x/y\n0::/a/b\n";
        assert_eq!(own_path(own, |list| list.split(',').any(|n| n == "memory")), Some("/x/y"));
        assert_eq!(own_path(own, str::is_empty), Some("/a/b"));
        let mounts = parse_mounts(HYBRID);
        assert_eq!(own_directory(&mounts[2], "/a/b"), Path::new("/sys/fs/cgroup/unified/b"));
        assert_eq!(own_directory(&mounts[2], "/other"), Path::new("/sys/fs/cgroup/unified/"));
    }

    /// The unified hierarchy, played by ordinary files.
    #[test]
    fn one_unified_group_takes_both_limits() {
        let base = std::env::temp_dir().join(format!("seaworthy-cgroup-{}", std::process::id()));
        let own = base.join("user/leaf");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("cgroup.controllers"), "cpu pids\n").unwrap();
        fs::write(base.join("user/cgroup.controllers"), "cpu memory pids\n").unwrap();
        fs::write(base.join("user/cgroup.subtree_control"), "memory\n").unwrap();
        let mounts = [Mount {
            root: "/".to_owned(),
            point: base.clone(),
            unified: true,
            options: "rw,nsdelegate".to_owned(),
        }];
        let place = |controller: &str| find_place(controller, &mounts, "0::/user/leaf\n");
        // Memory is only there a level up; the process limit is handed on by the own group when asked.
        assert_eq!(place("memory").unwrap().directory, base.join("user"));
        assert_eq!(place("pids").unwrap().directory, own);
        assert_eq!(fs::read_to_string(own.join("cgroup.subtree_control")).unwrap(), "+pids");
        assert!(place("hugetlb").unwrap_err().contains("has no hugetlb controller"));
        let groups = Groups { mode: CgroupMode::V2, memory: place("memory"), pids: place("memory") };
        let mut group = Cgroup::make(&groups, "1-2-3", Some(4096), Some(7));
        let directory = base.join("user/seaworthy-1-2-3");
        assert_eq!(group.directories(), std::slice::from_ref(&directory));
        group.attach(42);
        for (file, text) in
            [("memory.max", "4096"), ("memory.swap.max", "0"), ("pids.max", "7"), ("cgroup.procs", "42")]
        {
            assert_eq!(fs::read_to_string(directory.join(file)).unwrap(), text, "{file}");
        }
        fs::write(directory.join("memory.peak"), "12345\n").unwrap();
        fs::write(directory.join("memory.events"), "low 0\noom 3\noom_kill 2\n").unwrap();
        assert_eq!((group.memory_peak(), group.oom_kills()), (Some(12345), 2));
        assert!(group.unapplied.is_empty());
        fs::remove_dir_all(&base).unwrap();
    }

    #[test]
    fn without_groups_the_reason_is_a_sentence() {
        let groups = Groups {
            mode: CgroupMode::None,
            memory: find_place("memory", &[], ""),
            pids: find_place("pids", &[], ""),
        };
        let group = Cgroup::make(&groups, "x", Some(1), Some(1));
        assert_eq!(
            group.unapplied,
            ["memory limit: no control groups are mounted", "process limit: no control groups are mounted"]
        );
        assert!(Cgroup::make(&groups, "x", None, None).unapplied.is_empty());
    }
}
