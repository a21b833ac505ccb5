//! Where the bytes of a layer lie: its directories and files, small ones left out.

use crate::merge::VISIBLE;
use crate::table::{Table, What, within};
use seaworthy_facts::{FileKind, MapNode};

/// Things below this part of the image's bytes are left out.
const PART: u64 = 400;
/// Deeper directories are summed up.
const DEPTH: usize = 12;

/// The map of one layer; its root has no name.
pub(crate) fn of(table: &Table, hidden_by: &[u32], image_bytes: u64) -> MapNode {
    let least = image_bytes.div_ceil(PART).max(1);
    let mut open: Vec<(MapNode, Vec<u8>)> = vec![(MapNode::default(), Vec::new())];
    for index in &table.sorted {
        let record = &table.records[*index as usize];
        let What::Entry(kind) = record.what else { continue };
        let path = table.path(*index);
        while open.len() > 1 && open.last().is_some_and(|(_, folder)| !within(path, folder)) {
            close(&mut open, least);
        }
        let depth = open.len();
        let Some((top, folder)) = open.last_mut() else { continue };
        // A directory without a header of its own is told by its content.
        let from = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let name = String::from_utf8_lossy(path.get(from..).unwrap_or_default()).into_owned();
        match kind {
            FileKind::Directory if !path.is_empty() && depth <= DEPTH => {
                open.push((MapNode { name, ..MapNode::default() }, path.to_vec()));
            }
            FileKind::File => {
                let wasted = if hidden_by.get(*index as usize) == Some(&VISIBLE) { 0 } else { record.size };
                top.bytes += record.size;
                top.wasted += wasted;
                top.files += 1;
                if record.size >= least {
                    top.children.push(MapNode {
                        name,
                        bytes: record.size,
                        wasted,
                        files: 1,
                        children: Vec::new(),
                    });
                }
            }
            _ => {}
        }
    }
    while open.len() > 1 {
        close(&mut open, least);
    }
    let mut root = open.pop().map(|(node, _)| node).unwrap_or_default();
    sort(&mut root);
    root
}

/// Ends the innermost directory and adds it to the one around it.
fn close(open: &mut Vec<(MapNode, Vec<u8>)>, least: u64) {
    let Some((mut node, _)) = open.pop() else { return };
    sort(&mut node);
    let Some((around, _)) = open.last_mut() else { return };
    around.bytes += node.bytes;
    around.wasted += node.wasted;
    around.files += node.files;
    if node.bytes >= least {
        // A directory that holds nothing but another one is shown as one.
        if node.children.len() == 1
            && let Some(only) = node.children.pop_if(|only| only.bytes == node.bytes)
        {
            node = MapNode { name: format!("{}/{}", node.name, only.name), ..only };
        }
        around.children.push(node);
    }
}

fn sort(node: &mut MapNode) {
    node.children
        .sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.name.cmp(&right.name)));
}
