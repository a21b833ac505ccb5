//! `--layers` and `--waste`.

use super::paint::{BOLD, DIM, HEAD, Paint, WARN, fit, pad_left};
use super::{instruction, spare};
use seaworthy_facts::{BaseBy, ImageFacts};
use seaworthy_finding::format_bytes;
use seaworthy_report::escape;
use std::fmt::Write as _;

/// Files of a list.
const ROWS: usize = 25;

/// Each layer with its sizes, whose it is, and its largest directories.
pub(crate) fn layers(facts: &ImageFacts, paint: Paint, width: usize) -> String {
    let mut out = String::new();
    let base = facts.base.as_ref().and_then(|base| base.layers);
    // Writing to a string cannot fail.
    for (at, layer) in facts.layers.iter().enumerate() {
        let whose = match base {
            Some(count) if at < count => "base",
            Some(_) => "yours",
            None => "",
        };
        let by = fit(&escape(&instruction(&layer.created_by)), width.saturating_sub(12));
        let _ = writeln!(
            out,
            "{} {} {by}",
            paint.with(HEAD, &format!("{:>3}", at + 1)),
            paint.with(DIM, &format!("{whose:<5}"))
        );
        let _ = writeln!(out, "          {}", paint.with(DIM, &layer.digest));
        let hidden = if layer.wasted > 0 {
            paint.with(WARN, &format!(", {} hidden by later layers", format_bytes(layer.wasted)))
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "          {} to pull, {} unpacked, {} entries{hidden}",
            format_bytes(layer.compressed),
            format_bytes(layer.unpacked),
            layer.entries
        );
        let largest: Vec<String> = facts
            .map
            .get(at)
            .into_iter()
            .flat_map(|map| &map.children)
            .take(4)
            .map(|node| format!("/{} {}", escape(&node.name), format_bytes(node.bytes)))
            .collect();
        if !largest.is_empty() {
            let _ = writeln!(out, "          {}", fit(&largest.join(", "), width.saturating_sub(10)));
        }
    }
    let sum = |from: usize, to: usize| {
        let layers = facts.layers.get(from..to).unwrap_or_default();
        let pull: u64 = layers.iter().map(|layer| layer.compressed).sum();
        let unpacked: u64 = layers.iter().map(|layer| layer.unpacked).sum();
        let hidden: u64 = layers.iter().map(|layer| layer.wasted).sum();
        (pull, unpacked, hidden)
    };
    let heading = format!("\n{:>9} {:>9} {:>9}  {:<7} layers", "to pull", "unpacked", "hidden", "whose");
    let _ = writeln!(out, "{}", paint.with(DIM, &heading));
    let mut row = |name: &str, from: usize, to: usize, note: &str| {
        let (pull, unpacked, hidden) = sum(from, to);
        let _ = writeln!(
            out,
            "{} {} {}  {} {} {}",
            pad_left(&format_bytes(pull), 9),
            pad_left(&format_bytes(unpacked), 9),
            pad_left(&format_bytes(hidden), 9),
            paint.with(BOLD, &format!("{name:<7}")),
            to - from,
            paint.with(DIM, note)
        );
    };
    let count = facts.layers.len();
    if let Some(base) = base.filter(|base| *base <= count) {
        row("base", 0, base, &base_note(facts));
        row("yours", base, count, "");
    }
    row("all", 0, count, "");
    if base.is_none() {
        let words = match facts.base.as_ref().and_then(|base| base.name.as_deref().or(base.digest.as_deref()))
        {
            Some(name) => format!("the base is {}; `--base {0}` tells which layers are its", escape(name)),
            None => "which layers are the base's is not stated; `--base IMAGE` compares with it".to_owned(),
        };
        let _ = writeln!(out, "{}", paint.with(DIM, &words));
    }
    out
}

fn base_note(facts: &ImageFacts) -> String {
    let Some(base) = &facts.base else { return String::new() };
    let name = base.name.as_deref().or(base.digest.as_deref()).map_or(String::new(), escape);
    match base.by {
        BaseBy::Given => name,
        BaseBy::Label => format!("{name} by its label, counted by the history"),
        BaseBy::History => "by the history: up to its last command".to_owned(),
    }
}

/// What is stored for nothing by cause and by file, what dive says, and what could go too.
pub(crate) fn waste(facts: &ImageFacts, paint: Paint, width: usize) -> String {
    let mut out = String::new();
    let content: u64 = facts.layers.iter().map(|layer| layer.content).sum();
    let hidden = facts.hidden();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} {} of {} in files are hidden by later layers: flattening the image saves exactly these",
        pad_left(&format_bytes(hidden), 9),
        paint.with(HEAD, &share(hidden, content)),
        format_bytes(content)
    );
    for (cause, (files, bytes)) in spare::waste(facts) {
        let _ = writeln!(
            out,
            "{} {:<34} {}",
            pad_left(&format_bytes(bytes), 9),
            cause.words(),
            paint.with(DIM, &format!("{files} files"))
        );
    }
    let dive = &facts.dive;
    let user = dive
        .user_wasted
        .map_or(String::new(), |share| format!(", {:.2} % of what is above the base", share * 100.0));
    let _ = writeln!(
        out,
        "\n{} wasted as dive counts it{user}; efficiency {:.4} %",
        pad_left(&format_bytes(dive.wasted), 9),
        facts.efficiency * 100.0
    );
    if !facts.waste.is_empty() {
        let _ = writeln!(out, "\n{}", paint.with(HEAD, "largest files that are stored for nothing"));
    }
    for waste in facts.waste.iter().take(ROWS) {
        let layers = match waste.hidden_by {
            Some(by) => format!("{} → {}", waste.layer + 1, by + 1),
            None => (waste.layer + 1).to_string(),
        };
        let cause = waste.cause.words();
        let room = width.saturating_sub(23 + cause.len());
        let path = escape(&waste.path);
        // The end of a path says more than its beginning.
        let path = if path.chars().count() > room {
            let cut = path.chars().count() - room.saturating_sub(1);
            format!("…{}", path.chars().skip(cut).collect::<String>())
        } else {
            path
        };
        let _ = writeln!(
            out,
            "{} {layers:>8}  {path}  {}",
            pad_left(&format_bytes(waste.bytes), 9),
            paint.with(WARN, cause)
        );
    }
    if facts.waste.len() > ROWS {
        let rest: u64 = facts.waste[ROWS..].iter().map(|waste| waste.bytes).sum();
        let words = format!("in {} more files", facts.waste.len() - ROWS);
        let _ = writeln!(out, "{} {}", pad_left(&format_bytes(rest), 9), paint.with(DIM, &words));
    }
    let spare = spare::of(facts);
    if !spare.is_empty() {
        let _ = writeln!(out, "\n{}", paint.with(HEAD, "could go too, although nothing hides it"));
    }
    for (what, (files, bytes)) in spare {
        let _ = writeln!(
            out,
            "{} {:<34} {}",
            pad_left(&format_bytes(bytes), 9),
            what.words(),
            paint.with(DIM, &format!("{files} files"))
        );
    }
    out
}

/// A part of a whole in percent.
fn share(part: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let share = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    format!("{share:.1} %")
}
