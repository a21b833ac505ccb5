//! `push`: publishing to a registry on the loopback interface whose store is empty each time.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use seaworthy_oci::Reference;
use seaworthy_release::{Destination, PublishOptions};
use seaworthy_store::Layout;

use super::Bench;
use super::figures::{Kind, Role, Row, Table};
use super::layouts::{self, Filler};
use super::measure::Call;
use super::peers::{MISSING, find};
use super::registry::Registry;

/// The images: how many layers, and bytes of each.
const IMAGES: [(u64, u64); 2] = [(1, 500_000_000), (20, 20_000_000)];

/// Where an image goes first.
const REPOSITORY: &str = "bench/image";

/// What is measured after each other on one registry.
const CASES: [&str; 3] = ["first", "again", "to another repository of the registry"];

/// A tool that can publish a layout and copy within a registry.
struct Tool {
    name: &'static str,
    role: Role,
    program: Option<PathBuf>,
    push: fn(layout: &str, to: &str) -> Vec<String>,
    copy: fn(layout: &str, from: &str, to: &str) -> Vec<String>,
}

/// `xtask push-once LAYOUT REF [MOUNT]`: what the other tools do, and no more: sends what is missing. With a repository
/// to mount from, the whole of `publish` is done, reading back included.
pub(crate) fn main(words: &[&str]) -> ExitCode {
    let sent = match words {
        [layout, to] => push_once(layout, to, None),
        [layout, to, from] => push_once(layout, to, Some(from)),
        _ => return ExitCode::from(2),
    };
    match sent {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn push_once(layout: &str, to: &str, mount: Option<&str>) -> anyhow::Result<()> {
    let layout = Layout::open(layout)?;
    let image = layout.resolve(Some("latest"))?;
    let reference: Reference = to.parse()?;
    match mount {
        None => {
            seaworthy_release::push(&layout, &image, &reference, &seaworthy_registry::Options::default())?;
        }
        Some(from) => {
            let options = PublishOptions {
                tags: vec!["latest".to_owned()],
                mount_from: vec![from.to_owned()],
                ..PublishOptions::default()
            };
            seaworthy_release::publish(&layout, &image, &Destination::Registry(reference), &options)?;
        }
    }
    Ok(())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Whether it should have been signed is not what is measured, hence the exit code.
fn publish(from: &str, to: &str) -> Vec<String> {
    words(&["publish", "--no-config", "--quiet", "--no-sbom", "--exit-zero", from, to])
}

fn tools(bench: &Bench) -> Vec<Tool> {
    vec![
        Tool {
            name: "Seaworthy publish --no-sbom",
            role: Role::Own,
            program: Some(bench.seaworthy.clone()),
            push: |layout, to| publish(&format!("oci:{layout}:latest"), to),
            copy: |_, from, to| publish(&format!("docker://{from}"), to),
        },
        Tool {
            name: "Seaworthy, only sending (library)",
            role: Role::Own,
            program: Some(bench.own_program.clone()),
            push: |layout, to| words(&["push-once", layout, to]),
            copy: |layout, _, to| words(&["push-once", layout, to, REPOSITORY]),
        },
        Tool {
            name: "crane",
            role: Role::Peer,
            program: find("crane"),
            push: |layout, to| words(&["push", "--insecure", layout, to]),
            copy: |_, from, to| words(&["copy", "--insecure", from, to]),
        },
        Tool {
            name: "skopeo",
            role: Role::Peer,
            program: find("skopeo"),
            push: |layout, to| {
                words(&[
                    "--insecure-policy",
                    "copy",
                    "--dest-tls-verify=false",
                    &format!("oci:{layout}:latest"),
                    &format!("docker://{to}"),
                ])
            },
            copy: |_, from, to| {
                words(&[
                    "--insecure-policy",
                    "copy",
                    "--src-tls-verify=false",
                    "--dest-tls-verify=false",
                    &format!("docker://{from}"),
                    &format!("docker://{to}"),
                ])
            },
        },
        Tool {
            name: "oras",
            role: Role::Peer,
            program: find("oras"),
            push: |layout, to| {
                words(&[
                    "cp",
                    "--no-tty",
                    "--to-plain-http",
                    "--from-oci-layout",
                    &format!("{layout}:latest"),
                    to,
                ])
            },
            copy: |_, from, to| words(&["cp", "--no-tty", "--from-plain-http", "--to-plain-http", from, to]),
        },
    ]
}

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let cache = bench.folder("layouts")?;
    let mut tables = Vec::new();
    for (layers, bytes) in IMAGES {
        let bytes = if bench.quick { bytes / 10 } else { bytes };
        let megabytes = bytes / 1_000_000;
        let layout = layouts::cached(&cache, &format!("noise-{layers}-of-{megabytes}"), 1, || {
            let one = move |seed| {
                Box::new(move |tar: &mut layouts::Tar<'_>| layouts::noise(tar, bytes, seed)) as Filler
            };
            Ok((1..=layers).map(one).collect())
        })?;
        let title = if layers == 1 {
            format!("{megabytes} MB in one layer")
        } else {
            format!("{layers} × {megabytes} MB")
        };
        tables.extend(measure(bench, &layout, &title)?);
    }
    Ok(tables)
}

/// All tools on one layout: one table for each case.
fn measure(bench: &Bench, layout: &Path, title: &str) -> anyhow::Result<Vec<Table>> {
    let tools = tools(bench);
    let server = find("docker-registry");
    let mut tables: Vec<Table> = CASES
        .iter()
        .map(|case| Table {
            bench: "push",
            case: format!("{title}, {case}"),
            note: "Budget: at most crane's wall time. `publish` also checks what is on the other side first and reads \
                   everything back; the peers only send."
                .to_owned(),
            kinds: vec![Kind::Wall, Kind::Cpu, Kind::Rss],
            rows: tools.iter().map(|tool| row(tool, server.is_some())).collect(),
        })
        .collect();
    let Some(server) = server else { return Ok(tables) };
    let layout = layout.display().to_string();
    let store = bench.folder("registry")?.join(std::process::id().to_string());
    let rounds = bench.rounds(5);
    for round in 0..=rounds {
        for turn in 0..tools.len() {
            let index = (round + turn) % tools.len();
            let Some((tool, program)) =
                tools.get(index).and_then(|tool| Some((tool, tool.program.as_ref()?)))
            else {
                continue;
            };
            if tables.iter().any(|table| table.rows[index].absent.is_some()) {
                continue;
            }
            let registry = Registry::start(&server, &store)?;
            let (here, there) = (registry.reference(REPOSITORY), registry.reference("bench/other"));
            let push = (tool.push)(&layout, &here);
            let copy = (tool.copy)(&layout, &here, &there);
            for (table, args) in tables.iter_mut().zip([&push, &push, &copy]) {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                let cost = Call::new(program, &args).cost();
                let row = &mut table.rows[index];
                if round > 0 || cost.is_err() {
                    row.record(cost);
                }
            }
        }
    }
    Ok(tables)
}

fn row(tool: &Tool, server: bool) -> Row {
    match (&tool.program, server) {
        (None, _) => Row::absent(tool.name, tool.role, MISSING),
        (Some(_), false) => Row::absent(tool.name, tool.role, "not run: docker-registry is not installed"),
        (Some(_), true) => Row::new(tool.name, tool.role),
    }
}
