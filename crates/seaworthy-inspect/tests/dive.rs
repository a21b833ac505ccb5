//! Efficiency and wasted bytes against an independent reading of dive's formula, on many small images.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

#[path = "../../seaworthy-store/tests/support/mod.rs"]
mod support;

use seaworthy_facts::ImageFacts;
use seaworthy_inspect::{Options, inspect};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::{Tar, image, zipped};

/// A small generator of numbers: the same images in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A layer over a few names, so that layers meet: files, directories with their headers, links, and whiteouts only of
/// what is there, since dive stops at others.
fn layer(dice: &mut Dice, there: &mut BTreeMap<String, bool>) -> Tar {
    let mut tar = Tar::new();
    let before = there.clone();
    for folder in ["a", "b", "c", "a/x", "b/y"] {
        let parent = folder.rsplit_once('/').map(|(parent, _)| parent);
        let parent_is_there = parent.is_none_or(|parent| there.get(parent) == Some(&true));
        match dice.below(4) {
            0 if before.contains_key(folder) && there.contains_key(folder) => {
                let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
                let mark =
                    if parent.is_empty() { format!(".wh.{name}") } else { format!("{parent}/.wh.{name}") };
                tar = tar.file(&mark, b"");
                there.retain(|path, _| path != folder && !path.starts_with(&format!("{folder}/")));
            }
            1 | 2 if parent_is_there => {
                tar = tar.dir(&format!("{folder}/"));
                there.insert(folder.to_owned(), true);
                for name in ["1", "2", "3"] {
                    let path = format!("{folder}/{name}");
                    match dice.below(5) {
                        0 | 1 => {
                            let size = usize::try_from(dice.below(3000)).unwrap();
                            tar = tar.file(&path, &vec![b'x'; size]);
                            there.insert(path, false);
                        }
                        2 if before.contains_key(&path) && there.contains_key(&path) => {
                            tar = tar.file(&format!("{folder}/.wh.{name}"), b"");
                            there.remove(&path);
                        }
                        3 => {
                            tar = tar.symlink(&format!("{folder}/l{name}"), "1");
                            there.insert(format!("{folder}/l{name}"), false);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    tar.file("always", &vec![b'y'; usize::try_from(dice.below(100)).unwrap()])
}

fn judge(layouts: &[&Path]) -> Vec<serde_json::Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dive.py");
    let output = Command::new("python3").arg(script).args(layouts).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn agree(facts: &ImageFacts, judged: &serde_json::Value, what: &str) {
    let efficiency = judged["efficiency"].as_f64().unwrap();
    assert!((facts.efficiency - efficiency).abs() < 1e-12, "{what}: {} {judged}", facts.efficiency);
    assert_eq!(Some(facts.dive.wasted), judged["wasted"].as_u64(), "{what}: {:?}", facts.dive);
    assert_eq!(Some(facts.dive.user_bytes), judged["user_bytes"].as_u64(), "{what}");
    assert_eq!(Some(facts.dive.paths.len() as u64), judged["paths"].as_u64(), "{what}: {:?}", facts.dive);
}

#[test]
fn efficiency_and_wasted_bytes_are_dives() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: no python3");
        return;
    }
    let mut dice = Dice(7);
    let mut wasteful = 0;
    let folders: Vec<_> = (0..60).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut all = Vec::new();
    for folder in &folders {
        let mut there = BTreeMap::new();
        let count = 2 + dice.below(4);
        let layers: Vec<_> = (0..count).map(|_| zipped(&layer(&mut dice, &mut there).end())).collect();
        let image = image(folder.path(), &layers);
        all.push(inspect(&image, &Options::default()).unwrap());
    }
    let paths: Vec<&Path> = folders.iter().map(tempfile::TempDir::path).collect();
    for (number, (facts, judged)) in all.iter().zip(judge(&paths)).enumerate() {
        agree(facts, &judged, &format!("image {number}"));
        wasteful += usize::from(facts.dive.paths.len() > 2);
    }
    assert!(wasteful > 20, "only {wasteful} images waste anything");
}
