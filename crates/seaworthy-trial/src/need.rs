//! What a service needs that the hardened boot forbids: capabilities, and places to write to.

use crate::boot::{Booted, boot};
use crate::driver::{Driver, DriverError, Launch, TmpfsMount};
use crate::plan::{Plan, Subject};
use crate::pool;
use crate::probe::Probe;
use seaworthy_facts::{
    Boot, CapabilityNeed, DEFAULT_CAPABILITIES, FileKind, TmpfsNeed, VolumeFact, WriteFact,
};
use std::time::Duration;

/// Finds the capabilities without which the service does not become ready, where an engine's default set is enough.
///
/// `failed` is the boot without them. Gives the boot with just them and how it was started.
pub(crate) fn capabilities(
    driver: &dyn Driver,
    plan: &Plan,
    probe: &Probe,
    limit: Duration,
    failed: &Boot,
) -> Result<Option<(Booted, Launch, CapabilityNeed)>, DriverError> {
    // One that neither ends nor answers would take its whole time at each boot.
    if failed.exit.is_none_or(|exit| exit.oom_killed) {
        return Ok(None);
    }
    // Who is not root gets nothing from a capability that is granted, but engines may open the low ports to all.
    if plan.launch.uid != 0 {
        for read_only in [plan.launch.read_only, false] {
            let mut launch = plan.launch.clone();
            (launch.low_ports, launch.read_only) = (true, read_only);
            let booted = boot(driver, plan, &launch, probe, limit)?;
            if booted.boot.ready {
                let needed = vec!["NET_BIND_SERVICE".to_owned()];
                let need = CapabilityNeed { needed, minimal: true, boots: 1, without: failed.clone() };
                return Ok(Some((booted, launch, need)));
            }
            if !read_only {
                break;
            }
        }
        return Ok(None);
    }
    let with = |names: &[String], read_only: bool| {
        let mut launch = plan.launch.clone();
        launch.read_only = read_only;
        launch.capabilities.extend(names.iter().cloned());
        launch.capabilities.sort();
        launch.capabilities.dedup();
        launch
    };
    let all: Vec<String> = DEFAULT_CAPABILITIES
        .iter()
        .map(|name| (*name).to_owned())
        .filter(|name| !plan.launch.capabilities.contains(name))
        .collect();
    let mut boots = 0;
    let mut found = None;
    for read_only in [plan.launch.read_only, false] {
        boots += 1;
        let booted = boot(driver, plan, &with(&all, read_only), probe, limit)?;
        if booted.boot.ready {
            let peak = booted.container.as_ref().and_then(|container| container.memory_peak());
            found = Some((read_only, booted.boot.ms, peak));
            break;
        }
        if !read_only {
            break;
        }
    }
    let Some((read_only, ms, peak)) = found else { return Ok(None) };
    // A boot that is to fail must not take much longer than the one that did not.
    let short = Duration::from_millis(ms.saturating_mul(3)).max(Duration::from_secs(2)).min(limit);
    let works = |names: &[String]| -> Result<bool, DriverError> {
        Ok(boot(driver, plan, &with(names, read_only), probe, short)?.boot.ready)
    };
    // Each one is left out once; those that are missed are the need, unless one can stand in for another.
    let less: Vec<Vec<String>> =
        all.iter().map(|name| all.iter().filter(|other| *other != name).cloned().collect()).collect();
    boots += u32::try_from(less.len()).unwrap_or(u32::MAX);
    let results = pool::each(&less, pool::width(peak), |names| works(names));
    let mut needed = Vec::new();
    for (name, result) in all.iter().zip(results) {
        if !result? {
            needed.push(name.clone());
        }
    }
    boots += 1;
    let mut minimal = works(&needed)?;
    if !minimal {
        // Some stand in for others: leave out one after another, and keep what cannot be left out.
        needed.clone_from(&all);
        for name in &all {
            let rest: Vec<String> = needed.iter().filter(|other| *other != name).cloned().collect();
            boots += 1;
            if works(&rest)? {
                needed = rest;
            }
        }
        minimal = true;
    }
    let launch = with(&needed, read_only);
    boots += 1;
    let booted = boot(driver, plan, &launch, probe, limit)?;
    if !booted.boot.ready {
        return Ok(None);
    }
    Ok(Some((booted, launch, CapabilityNeed { needed, minimal, boots, without: failed.clone() })))
}

/// Directories in which the service has to write, from what it wrote on a writable root.
fn places(writes: &[WriteFact], subject: &Subject<'_>) -> Vec<String> {
    let known = |path: &str| {
        subject.image.file(path).is_some_and(|file| file.kind == FileKind::Directory) || path == "/"
    };
    let mut places: Vec<String> = writes
        .iter()
        .filter(|write| !write.covered)
        .filter_map(|write| {
            // The nearest directory of the image, or the first one made below it.
            let above: Vec<&str> = std::path::Path::new(&write.path)
                .ancestors()
                .skip(1)
                .filter_map(std::path::Path::to_str)
                .collect();
            let at = above.iter().position(|path| known(path))?;
            // A file system over the root itself is none.
            match above[at] {
                "/" => above.get(at.checked_sub(1)?).map(|path| (*path).to_owned()),
                directory => Some(directory.to_owned()),
            }
        })
        .collect();
    places.sort();
    places.dedup();
    let all = places.clone();
    places.retain(|path| !all.iter().any(|other| other != path && path.starts_with(&format!("{other}/"))));
    places
}

/// Boots on a read-only root with temporary file systems where the service wrote; `None` where it wrote nowhere else.
pub(crate) fn tmpfs(
    driver: &dyn Driver,
    plan: &Plan,
    subject: &Subject<'_>,
    probe: &Probe,
    limit: Duration,
    writes: &[WriteFact],
) -> Result<Option<TmpfsNeed>, DriverError> {
    let paths = places(writes, subject);
    if paths.is_empty() {
        return Ok(None);
    }
    let mut launch = plan.launch.clone();
    launch.read_only = true;
    for path in &paths {
        let known = subject.image.file(path);
        let (mode, uid, gid) =
            known.map_or((0o755, launch.uid, launch.gid), |file| (file.mode & 0o7777, file.uid, file.gid));
        let mount = TmpfsMount { path: path.clone(), size: None, mode, uid, gid, exec: true };
        launch.tmpfs.push(mount);
    }
    let booted = boot(driver, plan, &launch, probe, limit)?;
    let holds = |path: &&String| {
        let below = format!("{path}/");
        subject
            .image
            .files
            .iter()
            .any(|file| file.kind != FileKind::Directory && file.path.starts_with(&below))
    };
    let hiding = paths.iter().filter(holds).cloned().collect();
    Ok(Some(TmpfsNeed { paths, hiding, boot: booted.boot }))
}

/// The declared volumes as an engine makes them: owned as the image's directory is, by root where there is none.
pub(crate) fn volumes(plan: &Plan, subject: &Subject<'_>) -> Vec<VolumeFact> {
    let launch = &plan.launch;
    let fact = |path: &String| {
        let known = subject.image.file(path.trim_end_matches('/'));
        let known = known.filter(|file| file.kind == FileKind::Directory);
        let (mode, uid, gid) = known.map_or((0o755, 0, 0), |file| (file.mode & 0o7777, file.uid, file.gid));
        let class = if launch.uid == uid {
            6
        } else if launch.gid == gid || launch.groups.contains(&gid) {
            3
        } else {
            0
        };
        let overrides = launch.uid == 0
            && (uid == 0 || launch.capabilities.iter().any(|name| name.ends_with("DAC_OVERRIDE")));
        let writable = mode >> class & 0o3 == 0o3 || overrides;
        VolumeFact { path: path.clone(), uid, gid, mode, writable }
    };
    // One that the run covers by a file system of its own is not what the image declares.
    let covered = |path: &&String| {
        let declared = subject.test.tmpfs.as_deref().unwrap_or(subject.tmpfs);
        declared.iter().any(|text| text.split(':').next() == Some(path.as_str()))
    };
    let declared = subject.image.config.config.volumes.keys();
    declared.filter(|path| !covered(path)).map(fact).collect()
}
