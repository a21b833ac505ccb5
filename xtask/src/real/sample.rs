//! Draws findings at random for a person to judge.

use super::judged;
use seaworthy_finding::Location;
use std::fmt::Write as _;
use std::path::Path;

/// `count` findings of the default persona with the lines they point at; the same seed draws the same ones.
pub(crate) fn draw(dir: &Path, count: usize, seed: u64) -> anyhow::Result<String> {
    let all = judged(dir)?;
    let mut found: Vec<_> =
        all.iter().flat_map(|one| one.regular.iter().map(move |finding| (one, finding))).collect();
    let mut state = seed;
    let mut out = String::new();
    for number in 1..=count.min(found.len()) {
        // The generator of Knuth's MMIX; it only has to be fair enough for a sample.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap_or(0) % found.len();
        let (one, finding) = found.swap_remove(at);
        let _ = writeln!(
            out,
            "## {number}. {} [{}]\n{}\n{}",
            finding.rule, one.path, finding.message, finding.help
        );
        if let Location::File { line, end_line, .. } = &finding.location {
            let (from, to) = (line.saturating_sub(2), (*end_line).min(line + 6) + 1);
            for (index, text) in
                one.text.lines().enumerate().skip(from.saturating_sub(1)).take(to - from.min(to) + 1)
            {
                let mark = if (*line..=*end_line).contains(&(index + 1)) { '>' } else { ' ' };
                let shown: String = text.chars().take(160).collect();
                let _ = writeln!(out, "{mark} {:4} {shown}", index + 1);
            }
        }
        out.push('\n');
    }
    Ok(out)
}
