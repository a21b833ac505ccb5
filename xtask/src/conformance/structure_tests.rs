//! Kind `structure-tests`: what container-structure-test says of its files, and of images that they are run on.
//!
//! A folder has `peer-results.json`, written from the original's own answers: for each file whether it reads, and for each
//! test whether it passes. Every file is one case, and every test of a file that was run is one more. The images are made
//! here from the folder's own Dockerfiles ([`super::structure_images`]); where that cannot be done the tests are not run,
//! which is no agreement.

use super::structure_images::Images;
use anyhow::Context as _;
use seaworthy_facts::{StructureOutcome, StructureTest};
use seaworthy_inspect::Tree;
use seaworthy_sandbox::Runtime;
use seaworthy_store::{Image, Limits, UnpackOptions};
use seaworthy_structure::{Caller, Subject, Suite, judge};
use seaworthy_trial::SandboxCommands;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// One file and what the original says of it.
struct Case {
    name: String,
    suite: Suite,
    peer: Value,
}

/// Compares every file of the folder.
pub(crate) fn run(dir: &Path, out: &mut dyn FnMut(Value)) -> anyhow::Result<(usize, usize)> {
    let list = dir.join("peer-results.json");
    let text = std::fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
    let peers: Vec<Value> =
        serde_json::from_str(&text).with_context(|| format!("reading {}", list.display()))?;
    let (mut agree, mut total) = (0, 0);
    let mut images: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for peer in peers {
        let name = peer["file"].as_str().context("a result without a file")?.to_owned();
        let text = std::fs::read_to_string(dir.join(&name)).with_context(|| format!("reading {name}"))?;
        let suite = seaworthy_structure::read(&name, text);
        total += 1;
        let reads = peer["parse"] == "ok";
        if reads == suite.refused() {
            let told: Vec<&str> = suite.problems.iter().map(|problem| problem.message.as_str()).collect();
            out(json!({"case": format!("{name} parse"), "expected": peer["parse"], "got": told}));
            continue;
        }
        agree += 1;
        if peer["tests"].as_array().is_some_and(|tests| !tests.is_empty()) && !suite.refused() {
            images.entry(image_of(&name)).or_default().push(Case { name, suite, peer });
        }
    }
    let made = Images::new(dir);
    for (image, cases) in images {
        let results = match &made {
            Ok(made) => on_image(made, image, &cases),
            Err(why) => Err(anyhow::anyhow!("{why:#}")),
        };
        for (at, case) in cases.iter().enumerate() {
            let results =
                results.as_ref().map(|results| results[at].as_slice()).map_err(|why| format!("{why:#}"));
            compare(case, &results, &mut agree, &mut total, out);
        }
    }
    Ok((agree, total))
}

/// The image that a file's results were recorded on (`MANIFEST.md` of the folder).
fn image_of(name: &str) -> &'static str {
    if name.starts_with("probes/") {
        "links"
    } else if name.contains("metadata_test") {
        "metadata"
    } else {
        "ubuntu"
    }
}

/// Runs the files on an image.
fn on_image(images: &Images, name: &str, cases: &[Case]) -> anyhow::Result<Vec<Vec<StructureTest>>> {
    let layout = images.layout(name).with_context(|| format!("no image `{name}`"))?;
    let image: Image = seaworthy_store::open(&format!("oci:{}", layout.display()).parse()?, None)?;
    let mut wanted: Vec<String> = cases.iter().flat_map(|case| case.suite.contents()).collect();
    wanted.extend(["/etc/passwd".to_owned(), "/etc/group".to_owned()]);
    let tree = Tree::read(&image, Limits::default(), &wanted, None)?;
    let work = tempfile::tempdir()?;
    let root = seaworthy_store::unpack(&image, &work.path().join("rootfs"), &UnpackOptions::default())?.root;
    let runtime = Runtime::new(None)?;
    let config = &image.config.config;
    let files = seaworthy_structure::Container::new(&tree, config);
    let text = |path: &str| String::from_utf8_lossy(&files.read(path).unwrap_or_default()).into_owned();
    let (passwd, group) = (text("/etc/passwd"), text("/etc/group"));
    let limit = Duration::from_mins(1);
    let commands = SandboxCommands::new(&runtime, &root, config, &passwd, &group, limit);
    let subject = Subject { config, files: &tree, commands: &commands };
    let caller = Caller {
        variable: &|_| None,
        file: &|path| Err(format!("{path}: files of the caller are not part of a case")),
        allow_binds: false,
    };
    Ok(cases.iter().map(|case| judge(&case.suite, &subject, &caller, &mut |_| {}).tests).collect())
}

/// Compares the tests of a file one by one, by name and order.
fn compare(
    case: &Case,
    results: &Result<&[StructureTest], String>,
    agree: &mut usize,
    total: &mut usize,
    out: &mut dyn FnMut(Value),
) {
    let peers = case.peer["tests"].as_array().cloned().unwrap_or_default();
    let mut left: Vec<&StructureTest> =
        results.as_ref().map(|tests| tests.iter().collect()).unwrap_or_default();
    for peer in &peers {
        *total += 1;
        let name = peer[0].as_str().unwrap_or_default();
        // A test whose setup failed is reported by the original without the kind in its name.
        let at = left.iter().position(|test| test.name == name || test.name.ends_with(&format!(": {name}")));
        let test = at.map(|at| left.remove(at));
        let passed = peer[1] == true;
        let wanted = if passed { StructureOutcome::Passed } else { StructureOutcome::Failed };
        if test.is_some_and(|test| test.outcome == wanted) {
            *agree += 1;
            continue;
        }
        let got = match (results, test) {
            (Err(why), _) => json!({"not run": why}),
            (Ok(_), None) => Value::Null,
            (Ok(_), Some(test)) => {
                json!({"outcome": test.outcome, "errors": test.errors, "stderr": test.stderr})
            }
        };
        out(json!({"case": format!("{}: {name}", case.name), "expected": peer, "got": got}));
    }
    for test in left {
        *total += 1;
        let got = json!({"outcome": test.outcome, "errors": test.errors});
        out(json!({"case": format!("{}: {}", case.name, test.name), "expected": null, "got": got}));
    }
}
