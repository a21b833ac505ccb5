//! `seaworthy inspect IMAGE`.

mod diff;
pub(crate) mod files;
mod paint;
pub(crate) mod pattern;
pub(crate) mod spare;
mod summary;
mod tree;
mod views;

use crate::cli::{Global, InspectArgs};
use crate::commands::browse;
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::shell::Shell;
use crate::stages;
use diff::Diff;
use paint::Paint;
use pattern::Pattern;
use seaworthy_facts::{BaseBy, BaseFact, Facts, ImageFacts};
use seaworthy_finding::{ExitCode, Family, Report};
use seaworthy_inspect::{Layers, Options};
use serde_json::Value;
use std::path::Path;
use tree::Tree;

/// Looks at every byte of an image.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &InspectArgs) -> Result<ExitCode, Failure> {
    let targets = output::targets(global)?;
    let root = args.project.as_deref().unwrap_or(Path::new("."));
    let config = Config::load(global, root)?;
    if args.browse {
        browse::check_terminal()?;
    }
    let glob = |text: &String| {
        Pattern::glob(text).map_err(|error| {
            Failure::new(ExitCode::Error, format!("`{text}` is no pattern: {error}"))
                .hint("write a glob such as `*.so*` or `/etc/**`")
        })
    };
    let wanted = args.files.as_ref().map(glob).transpose()?;
    let below = args.path.as_ref().map(glob).transpose()?;
    let image = stages::open_image(shell, global, &args.image, args.platform.as_deref())?;
    let other = match &args.diff {
        Some(other) => Some(stages::open_image(shell, global, other, args.platform.as_deref())?),
        None => None,
    };
    let base = match &args.base {
        Some(base) => Some(stages::open_image(shell, global, base, args.platform.as_deref())?),
        None => None,
    };
    let options = Options {
        skip_secrets: args.browse,
        digests: args.diff.is_some() || wanted.is_some(),
        ..Options::default()
    };
    let (mut facts, layers) = stages::inspect_layers(&image, &options)?;
    if let (Some(base), Some(name)) = (&base, &args.base) {
        facts.base = Some(base_of(shell, &facts, base, name));
    }
    if args.browse {
        browse::run(shell, &facts, &layers)?;
        return Ok(ExitCode::Clean);
    }
    let looked = Looked {
        tree: (args.tree || args.path.is_some()).then(|| Tree::new(&layers, args.sort, args.depth)),
        below,
        found: wanted.as_ref().map(|wanted| files::find(&layers, wanted)),
        layers: &layers,
    };
    let other = match &other {
        Some(other) => Some(stages::inspect_layers(other, &options)?.0),
        None => None,
    };
    let on_terminal = output::on_terminal(&targets);
    if on_terminal && looking(args) {
        look(shell, args, &facts, &looked, other.as_ref())?;
        if targets.is_empty() {
            return Ok(ExitCode::Clean);
        }
    }
    let extra = extra(args, &facts, &looked, other.as_ref());
    drop(looked);
    let project = args.project.as_deref().map(stages::collect).transpose()?;
    let mut families = vec![Family::Image];
    if project.is_some() {
        families.push(Family::Claim);
    }
    let facts = Facts { project, image: Some(facts), ..Facts::default() };
    let mut report =
        stages::report(global, &config, config.image(), &facts, &families, "inspect", &args.image);
    report.facts.extend(extra);
    if on_terminal && !looking(args) && shell.quiet < 2 {
        screen(shell, &facts, &report)?;
        if shell.verbose == 0 {
            // The screen is full; files and other formats have everything.
            let mut silent = shell.clone();
            silent.quiet = 2;
            return output::write(&silent, global, &config.policy, &report, root);
        }
    }
    output::write(shell, global, &config.policy, &report, root)
}

/// What the flags ask to see.
struct Looked<'a> {
    tree: Option<Tree<'a>>,
    below: Option<Pattern>,
    found: Option<Vec<seaworthy_inspect::Entry<'a>>>,
    layers: &'a Layers,
}

/// Whether a flag asks for something else than the summary.
const fn looking(args: &InspectArgs) -> bool {
    args.tree
        || args.path.is_some()
        || args.layers
        || args.waste
        || args.files.is_some()
        || args.diff.is_some()
}

/// Prints what the flags ask for.
fn look(
    shell: &Shell,
    args: &InspectArgs,
    facts: &ImageFacts,
    looked: &Looked<'_>,
    other: Option<&ImageFacts>,
) -> Result<(), Failure> {
    let paint = Paint(shell.color_out);
    let mut parts = Vec::new();
    if args.layers {
        parts.push(views::layers(facts, paint, shell.width));
    }
    if let Some(tree) = &looked.tree {
        parts.push(tree.text(facts, looked.below.as_ref(), paint));
    }
    if args.waste {
        parts.push(views::waste(facts, paint, shell.width));
    }
    if let Some(found) = &looked.found {
        parts.push(files::text(found, facts, paint));
    }
    if let Some(other) = other {
        parts.push(Diff::new(facts, other).text(paint, shell.width));
    }
    debug_assert!(looked.layers.len() == facts.layers.len());
    shell.out(&parts.join("\n"))
}

/// The same for programs.
fn extra(
    args: &InspectArgs,
    facts: &ImageFacts,
    looked: &Looked<'_>,
    other: Option<&ImageFacts>,
) -> Vec<(String, Value)> {
    let mut values = Vec::new();
    if let Some(tree) = &looked.tree {
        values.push(("tree".to_owned(), tree.value(looked.below.as_ref())));
    }
    if args.waste {
        values.push(("waste".to_owned(), serde_json::to_value(&facts.waste).unwrap_or_default()));
        values.push(("dive".to_owned(), serde_json::to_value(&facts.dive).unwrap_or_default()));
    }
    if let Some(found) = &looked.found {
        values.push(("files".to_owned(), files::values(found, facts)));
    }
    if let Some(other) = other {
        values.push(("diff".to_owned(), Diff::new(facts, other).value()));
    }
    values
}

/// The summary and the findings on one screen.
fn screen(shell: &Shell, facts: &Facts, report: &Report) -> Result<(), Failure> {
    let Some(image) = &facts.image else { return Ok(()) };
    let paint = Paint(shell.color_out);
    let mut text = summary::image(image, paint, shell.width);
    if shell.verbose == 0 {
        text.push('\n');
        text.push_str(&summary::findings(report, image, paint, shell.width));
    }
    shell.out(&text)
}

/// Compares the layers with those of a base that was named.
fn base_of(shell: &Shell, facts: &ImageFacts, base: &seaworthy_store::Image, name: &str) -> BaseFact {
    let theirs = &base.config.rootfs.diff_ids;
    let same = theirs
        .iter()
        .zip(&facts.layers)
        .take_while(|(theirs, own)| theirs.to_string() == own.diff_id)
        .count();
    if same < theirs.len() {
        let name = seaworthy_report::escape(name);
        let count = theirs.len();
        shell.note(&if same == 0 {
            format!("the image was not built on `{name}`: no layer is the same")
        } else {
            format!("only {same} of the {count} layers of `{name}` are in the image: it was built on another version")
        });
    }
    BaseFact {
        name: Some(name.to_owned()),
        digest: Some(base.descriptor.digest.to_string()),
        layers: Some(same),
        by: BaseBy::Given,
    }
}

/// The image in a few lines: what it is, and what each layer costs.
pub(crate) fn summary(facts: &ImageFacts) -> String {
    summary::image(facts, Paint(false), 100)
}

/// The instruction that made a layer, without what builders put around it.
pub(crate) fn instruction(created_by: &str) -> String {
    let text = created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").or(text.strip_prefix("/bin/sh -c")).unwrap_or(text);
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    let text =
        text.strip_prefix("RUN /bin/sh -c ").map_or_else(|| text.to_owned(), |rest| format!("RUN {rest}"));
    if text.is_empty() {
        return "not recorded".to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
