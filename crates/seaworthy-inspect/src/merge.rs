//! The layers' tables as one tree, as overlayfs would show it, and what is hidden in it.
//!
//! All tables are sorted with parents before children, so one walk over them in step needs only the chain of parents.
//! A parent carries the layers at which everything below it vanishes: whiteouts, opaque directories, and files that
//! took a directory's place. An entry is hidden by the first of these above its own layer.

use crate::dive::Dive;
use crate::pass::LayerScan;
use crate::table::{Record, Table, What, order, within};
use seaworthy_facts::{DiveFact, FileDetail, FileFact, FileKind, Spare, Waste, WasteCause, encode_base64};
use seaworthy_store::tape::shown as printable;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The final tree and what it hides.
#[derive(Default)]
pub(crate) struct Merged {
    pub(crate) files: Vec<FileFact>,
    pub(crate) waste: Vec<Waste>,
    /// Hidden bytes of each layer.
    pub(crate) wasted: Vec<u64>,
    pub(crate) efficiency: f64,
    /// Hard links that lead nowhere.
    pub(crate) problems: Vec<String>,
    pub(crate) dive: DiveFact,
    /// For each layer, for each record, the layer that hides it; `VISIBLE` for none.
    pub(crate) hidden_by: Vec<Vec<u32>>,
}

/// Nothing hides the record.
pub(crate) const VISIBLE: u32 = u32::MAX;

/// A layer at which what lies below a path vanishes.
#[derive(Clone, Copy)]
struct Event {
    layer: u32,
}

/// A directory on the way to the current path.
struct Parent {
    path: Vec<u8>,
    /// Own and inherited events, by layer.
    events: Vec<Event>,
}

/// One record of the current path.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) layer: u32,
    pub(crate) index: u32,
}

/// Merges the layers, lowest first.
pub(crate) fn merge(scans: &[LayerScan]) -> Merged {
    let mut merged = Merged {
        wasted: vec![0; scans.len()],
        hidden_by: scans.iter().map(|scan| vec![VISIBLE; scan.table.records.len()]).collect(),
        ..Merged::default()
    };
    let mut cursors = vec![0usize; scans.len()];
    let mut parents: Vec<Parent> = Vec::new();
    let mut shown: Vec<Shown> = Vec::new();
    let mut group: Vec<Seen> = Vec::new();
    let mut dive = Dive::default();
    loop {
        group.clear();
        take_group(scans, &mut cursors, &mut group);
        let Some(first) = group.first() else { break };
        let path = scans[first.layer as usize].table.path(first.index);
        while parents.last().is_some_and(|parent| !within(path, &parent.path)) {
            parents.pop();
        }
        let inherited: &[Event] = parents.last().map_or(&[], |parent| &parent.events);
        let before = merged.files.len();
        resolve(scans, &group, path, inherited, &mut merged);
        if merged.files.len() > before {
            imply(scans, *first, path, &mut shown, &mut merged, before);
        }
        dive.path(scans, path, group.iter().map(|seen| (seen.layer, seen.index)), |layer| {
            // The cursor stands behind the path.
            let table = &scans[layer as usize].table;
            let next = table.sorted.get(cursors[layer as usize]);
            next.is_some_and(|next| within(table.path(*next), path))
        });
        let own = events_below(scans, &group);
        if !own.is_empty() {
            let mut events = inherited.to_vec();
            events.extend(own);
            events.sort_by_key(|event| event.layer);
            parents.push(Parent { path: path.to_vec(), events });
        }
    }
    let above = scans.iter().skip(1).map(|scan| scan.table.content).sum();
    (merged.efficiency, merged.dive) = dive.finish(above, scans.len());
    still_linked(scans, &mut merged);
    caches(&mut merged);
    merged.files.sort_by(|left, right| left.path.cmp(&right.path));
    merged.waste.sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.path.cmp(&right.path)));
    merged
}

/// A path of the final tree on the way to the current one: the first bytes of a record's path.
#[derive(Clone, Copy)]
struct Shown {
    seen: Seen,
    length: usize,
}

/// Puts directories that no entry names before the file that was just put into the tree: engines make them, with mode
/// 0755 and owned by root.
fn imply(
    scans: &[LayerScan],
    seen: Seen,
    path: &[u8],
    shown: &mut Vec<Shown>,
    merged: &mut Merged,
    before: usize,
) {
    let text = |known: &Shown| &scans[known.seen.layer as usize].table.path(known.seen.index)[..known.length];
    while shown.last().is_some_and(|last| !within(path, text(last))) {
        shown.pop();
    }
    let known = shown.last().map_or(0, |last| last.length);
    let layer = merged.files[before].layer;
    let mut implied = Vec::new();
    for (at, byte) in path.iter().enumerate().skip(known + 1) {
        if *byte == b'/' {
            implied.push(FileFact {
                path: absolute(&path[..at]),
                kind: FileKind::Directory,
                size: 0,
                mode: 0o755,
                uid: 0,
                gid: 0,
                link: None,
                capabilities: false,
                layer,
                detail: None,
            });
            shown.push(Shown { seen, length: at });
        }
    }
    if !implied.is_empty() {
        merged.files.splice(before..before, implied);
    }
    shown.push(Shown { seen, length: path.len() });
}

/// The records of the next path in order, by layer.
fn take_group(scans: &[LayerScan], cursors: &mut [usize], group: &mut Vec<Seen>) {
    let mut least: Option<&[u8]> = None;
    let mut layers: Vec<usize> = Vec::new();
    for (layer, scan) in scans.iter().enumerate() {
        let Some(index) = scan.table.sorted.get(cursors[layer]) else { continue };
        let path = scan.table.path(*index);
        match least.map(|least| order(path, least)) {
            None | Some(Ordering::Less) => {
                least = Some(path);
                layers.clear();
                layers.push(layer);
            }
            Some(Ordering::Equal) => layers.push(layer),
            Some(Ordering::Greater) => {}
        }
    }
    let Some(least) = least else { return };
    for layer in layers {
        let table = &scans[layer].table;
        while let Some(index) = table.sorted.get(cursors[layer])
            && table.path(*index) == least
        {
            group.push(Seen { layer: u32::try_from(layer).unwrap_or_default(), index: *index });
            cursors[layer] += 1;
        }
    }
}

fn record(scans: &[LayerScan], seen: Seen) -> &Record {
    &scans[seen.layer as usize].table.records[seen.index as usize]
}

/// The layers at which what lies below the current path vanishes.
fn events_below(scans: &[LayerScan], group: &[Seen]) -> Vec<Event> {
    group
        .iter()
        .filter_map(|seen| {
            let hides = !matches!(record(scans, *seen).what, What::Entry(FileKind::Directory));
            // A file in the lowest layer has nothing below it to hide.
            (hides && seen.layer > 0).then_some(Event { layer: seen.layer })
        })
        .collect()
}

/// Settles the records of one path.
fn resolve(scans: &[LayerScan], group: &[Seen], path: &[u8], inherited: &[Event], merged: &mut Merged) {
    for (at, seen) in group.iter().enumerate() {
        let this = record(scans, *seen);
        if matches!(this.what, What::Opaque | What::Whiteout) {
            continue;
        }
        let above = inherited.iter().find(|event| event.layer > seen.layer);
        // The next record of the path, whiteouts included, opaque marks not: those hide only what is below.
        let own = group[at + 1..].iter().find(|later| {
            let what = record(scans, **later).what;
            what != What::Opaque && (what != What::Whiteout || later.layer > seen.layer)
        });
        let hidden = match (above, own) {
            (Some(event), Some(later)) if later.layer < event.layer => Some((later.layer, Some(later))),
            (Some(event), _) => Some((event.layer, None)),
            (None, Some(later)) => Some((later.layer, Some(later))),
            (None, None) => None,
        };
        match hidden {
            None => {
                if this.what == What::HardLink && target(scans, *seen).is_none() && merged.problems.len() < 20
                {
                    let to = scans[seen.layer as usize].table.bytes(this.link);
                    merged.problems.push(format!(
                        "layer {}: hard link `{}` leads to `{}`, which is no file of the image",
                        seen.layer,
                        printable(path),
                        printable(to)
                    ));
                }
                merged.files.push(fact(scans, *seen, path));
            }
            Some((layer, by)) => {
                merged.hidden_by[seen.layer as usize][seen.index as usize] = layer;
                if this.size > 0 {
                    merged.wasted[seen.layer as usize] += this.size;
                    merged.waste.push(Waste {
                        path: absolute(path),
                        bytes: this.size,
                        cause: cause(this, by.map(|by| record(scans, *by))),
                        layer: seen.layer as usize,
                        hidden_by: Some(layer as usize),
                    });
                }
            }
        }
    }
}

fn cause(this: &Record, by: Option<&Record>) -> WasteCause {
    match by {
        None => WasteCause::Deleted,
        Some(by) if by.what == What::Whiteout => WasteCause::Deleted,
        Some(by) if by.size == this.size && by.hash == this.hash && by.hash != 0 => {
            if (by.uid, by.gid) != (this.uid, this.gid) {
                WasteCause::Rechowned
            } else if by.mode != this.mode {
                WasteCause::Rechmodded
            } else {
                WasteCause::Restored
            }
        }
        Some(_) => WasteCause::Rewritten,
    }
}

fn fact(scans: &[LayerScan], seen: Seen, path: &[u8]) -> FileFact {
    let table = &scans[seen.layer as usize].table;
    let this = &table.records[seen.index as usize];
    let content = if this.what == What::HardLink { target(scans, seen) } else { Some(seen) };
    let (size, capabilities, detail) = content.map_or((0, false, None), |content| {
        let (table, content) = (&scans[content.layer as usize].table, content.index);
        let record = &table.records[content as usize];
        (record.size, record.capabilities, detail(table, content))
    });
    let (kind, link) = match this.what {
        What::HardLink => match content.map(|content| (content, record(scans, content))) {
            // A link to a symbolic link or a device is one, too.
            Some((content, record)) if record.what != What::Entry(FileKind::File) => {
                return fact(scans, content, path);
            }
            _ => (FileKind::File, Some(absolute(table.bytes(this.link)))),
        },
        What::Entry(FileKind::Symlink) => {
            (FileKind::Symlink, Some(String::from_utf8_lossy(table.bytes(this.link)).into_owned()))
        }
        What::Entry(kind) => (kind, None),
        // Neither gets here: both are passed over before.
        What::Whiteout | What::Opaque => (FileKind::File, None),
    };
    FileFact {
        path: absolute(path),
        kind,
        size,
        mode: this.mode,
        uid: this.uid,
        gid: this.gid,
        link,
        capabilities,
        layer: seen.layer as usize,
        detail,
    }
}

/// What few files have.
fn detail(table: &Table, record: u32) -> Option<Box<FileDetail>> {
    let digest = table.digest(record).map(|bytes| {
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    });
    let extra = table.extra(record);
    if digest.is_none() && extra.is_none() {
        return None;
    }
    let device = extra.map(|extra| extra.device).filter(|_| {
        let what = table.records[record as usize].what;
        matches!(what, What::Entry(FileKind::CharDevice | FileKind::BlockDevice))
    });
    let xattrs = extra.map_or(&[][..], |extra| &extra.xattrs);
    let xattrs = xattrs
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), encode_base64(value)))
        .collect();
    Some(Box::new(FileDetail { digest, device, xattrs }))
}

/// The file a hard link leads to: what its own layer has under the name before it, else what the layers below show.
/// A later layer that deletes the name does not change the link.
pub(crate) fn target(scans: &[LayerScan], link: Seen) -> Option<Seen> {
    let mut at = link;
    // Links to links are stored, too; each leads to an earlier entry, so a bound is only for hostile tars.
    for _ in 0..40 {
        let table = &scans[at.layer as usize].table;
        let path = table.bytes(table.records[at.index as usize].link);
        let own = table.find(path).iter().rev().find(|index| **index < at.index);
        let found = match own {
            Some(index) => Seen { layer: at.layer, index: *index },
            None => (0..at.layer).rev().find_map(|layer| {
                let index = scans[layer as usize].table.find(path).last()?;
                Some(Seen { layer, index: *index })
            })?,
        };
        match record(scans, found).what {
            What::HardLink => at = found,
            What::Whiteout | What::Opaque | What::Entry(FileKind::Directory) => return None,
            What::Entry(_) => return Some(found),
        }
    }
    None
}

/// A path with its leading slash.
pub(crate) fn absolute(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len() + 1);
    text.push('/');
    text.push_str(&String::from_utf8_lossy(path));
    text
}

/// What has a name left is not wasted, although the name it is stored under is gone.
fn still_linked(scans: &[LayerScan], merged: &mut Merged) {
    if merged.waste.is_empty() {
        return;
    }
    let mut used: BTreeSet<(usize, String)> = BTreeSet::new();
    for link in merged.files.iter().filter(|file| file.kind == FileKind::File && file.link.is_some()) {
        let table = &scans[link.layer].table;
        let Some(index) = table.find(link.path.trim_start_matches('/').as_bytes()).last() else { continue };
        let seen = Seen { layer: u32::try_from(link.layer).unwrap_or_default(), index: *index };
        if let Some(content) = target(scans, seen)
            && merged.hidden_by[content.layer as usize][content.index as usize] != VISIBLE
        {
            let layer = content.layer as usize;
            used.insert((layer, absolute(scans[layer].table.path(content.index))));
        }
    }
    if used.is_empty() {
        return;
    }
    let wasted = &mut merged.wasted;
    merged.waste.retain(|waste| {
        let keep = !used.contains(&(waste.layer, waste.path.clone()));
        if !keep {
            wasted[waste.layer] = wasted[waste.layer].saturating_sub(waste.bytes);
        }
        keep
    });
}

/// Files of package managers' caches are waste although nothing hides them.
fn caches(merged: &mut Merged) {
    // The folder decides, and files of one folder follow one another.
    let (mut last, mut cached) = (String::new(), false);
    for file in &merged.files {
        if file.kind != FileKind::File || file.link.is_some() || file.size == 0 {
            continue;
        }
        let folder = file.path.rfind('/').map_or("", |at| &file.path[..=at]);
        if folder != last {
            folder.clone_into(&mut last);
            cached = Spare::of(folder) == Some(Spare::PackageCache);
        }
        if cached {
            merged.waste.push(Waste {
                path: file.path.clone(),
                bytes: file.size,
                cause: WasteCause::PackageCache,
                layer: file.layer,
                hidden_by: None,
            });
        }
    }
}
