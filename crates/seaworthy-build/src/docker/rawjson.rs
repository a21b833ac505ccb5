//! Reads BuildKit's progress as JSON lines (`--progress=rawjson`: one `SolveStatus` of moby/buildkit's client per line).
//!
//! A vertex is told several times, sometimes started and completed twice; fields are merged by digest and the last
//! value wins. What is no JSON is BuildKit's plain error text at the end.

use crate::Progress;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_facts::BuildStep;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many bytes of a step's output are kept for an error message.
const KEPT: usize = 16 << 10;

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    vertexes: Vec<VertexLine>,
    #[serde(default)]
    logs: Vec<LogLine>,
    #[serde(default)]
    warnings: Vec<WarningLine>,
}

#[derive(Deserialize)]
struct VertexLine {
    digest: String,
    #[serde(default)]
    name: String,
    started: Option<String>,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct LogLine {
    vertex: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct WarningLine {
    #[serde(default)]
    short: String,
}

/// What is known of a vertex.
#[derive(Default)]
struct Vertex {
    name: String,
    started: Option<jiff::Timestamp>,
    completed: Option<jiff::Timestamp>,
    cached: bool,
    error: String,
    log: String,
    /// The start of a line whose end has not come yet.
    open: Vec<u8>,
    announced: bool,
}

impl Vertex {
    /// Tells whole lines of output and keeps the last of them for an error message.
    fn told(&mut self, bytes: &[u8], progress: &mut dyn FnMut(Progress)) {
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines() {
            progress(Progress::Output(line.to_owned()));
        }
        self.log.push_str(&text);
        if self.log.len() > KEPT {
            let mut cut = self.log.len() - KEPT;
            while !self.log.is_char_boundary(cut) {
                cut += 1;
            }
            self.log.drain(..cut);
        }
    }
}

/// The progress of one build.
#[derive(Default)]
pub(super) struct RawProgress {
    vertexes: BTreeMap<String, Vertex>,
    /// Digests in the order they were first named.
    order: Vec<String>,
    warnings: Vec<String>,
    plain: Vec<String>,
}

impl RawProgress {
    /// Takes a line, JSON or not, and tells what happened.
    pub(super) fn line(&mut self, line: &str, progress: &mut dyn FnMut(Progress)) {
        let Ok(status) = serde_json::from_str::<Status>(line) else {
            if !line.trim().is_empty() {
                self.plain.push(line.to_owned());
            }
            return;
        };
        for vertex in status.vertexes {
            self.vertex(vertex, progress);
        }
        for log in status.logs {
            let vertex = self.entry(&log.vertex);
            vertex.open.extend(STANDARD.decode(&log.data).unwrap_or_default());
            // BuildKit sends what a program wrote at once, which may end within a line or a character.
            let whole = if vertex.completed.is_some() || vertex.open.len() > KEPT {
                vertex.open.len()
            } else {
                vertex.open.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
            };
            let bytes: Vec<u8> = vertex.open.drain(..whole).collect();
            vertex.told(&bytes, progress);
        }
        for warning in status.warnings {
            let text = STANDARD.decode(&warning.short).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            if !text.is_empty() && !self.warnings.contains(&text) {
                self.warnings.push(text);
            }
        }
    }

    fn vertex(&mut self, line: VertexLine, progress: &mut dyn FnMut(Progress)) {
        let time = |text: Option<String>| text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let vertex = self.entry(&line.digest);
        if !line.name.is_empty() {
            vertex.name = line.name;
        }
        if let Some(started) = time(line.started) {
            vertex.started = Some(started);
            if is_step(&vertex.name) && !vertex.announced {
                vertex.announced = true;
                progress(Progress::StepStarted { name: vertex.name.clone() });
            }
        }
        if !line.error.is_empty() {
            vertex.error = line.error;
        }
        if let Some(completed) = time(line.completed) {
            let rest = std::mem::take(&mut vertex.open);
            vertex.told(&rest, progress);
            let first = vertex.completed.is_none();
            vertex.completed = Some(completed);
            vertex.cached = line.cached;
            if first && is_step(&vertex.name) {
                let (name, cached, ms) = (vertex.name.clone(), vertex.cached, vertex.ms());
                progress(Progress::StepFinished { name, cached, ms });
            }
        }
    }

    fn entry(&mut self, digest: &str) -> &mut Vertex {
        if !self.vertexes.contains_key(digest) {
            self.order.push(digest.to_owned());
        }
        self.vertexes.entry(digest.to_owned()).or_default()
    }

    /// The completed instructions that make layers: stages as they were begun, instructions by number. `FROM` is none:
    /// whether it counts as cached changes from run to run.
    pub(super) fn steps(&self) -> Vec<BuildStep> {
        let mut done: Vec<(&str, u32, &Vertex)> = self
            .order
            .iter()
            .filter_map(|digest| self.vertexes.get(digest))
            .filter(|vertex| vertex.completed.is_some() && vertex.error.is_empty())
            .filter_map(|vertex| step_place(&vertex.name).map(|(stage, number)| (stage, number, vertex)))
            .collect();
        let mut begun: BTreeMap<&str, Option<jiff::Timestamp>> = BTreeMap::new();
        for (stage, _, vertex) in &done {
            let first = begun.entry(stage).or_insert(vertex.started);
            *first = (*first).min(vertex.started);
        }
        done.sort_by_key(|(stage, number, _)| (begun[stage], *stage, *number));
        let step = |(_, _, vertex): (_, _, &Vertex)| BuildStep {
            name: vertex.name.clone(),
            cached: vertex.cached,
            ms: vertex.ms(),
        };
        done.into_iter().map(step).collect()
    }

    /// BuildKit's warnings about the Dockerfile.
    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The failing step with the end of its output, then BuildKit's own frame around the Dockerfile's line.
    pub(super) fn failure(&self) -> String {
        let mut out = String::new();
        for vertex in self.order.iter().filter_map(|digest| self.vertexes.get(digest)) {
            // A step that was merely stopped because another one failed says so.
            if vertex.error.is_empty() || vertex.error.contains("context canceled") {
                continue;
            }
            out.push_str(&vertex.name);
            out.push('\n');
            out.push_str(vertex.log.trim_end());
            if !vertex.log.trim().is_empty() {
                out.push('\n');
            }
            if self.plain.is_empty() {
                out.push_str(&vertex.error);
                out.push('\n');
            }
        }
        for line in &self.plain {
            out.push_str(line);
            out.push('\n');
        }
        out
    }

    /// What BuildKit said in plain words.
    pub(super) fn plain(&self) -> String {
        self.plain.join("\n")
    }
}

impl Vertex {
    /// Wall time in milliseconds.
    fn ms(&self) -> u64 {
        match (self.started, self.completed) {
            (Some(started), Some(completed)) => {
                u64::try_from(completed.duration_since(started).as_millis()).unwrap_or(0)
            }
            _ => 0,
        }
    }
}

/// Whether a vertex is an instruction that makes a layer.
fn is_step(name: &str) -> bool {
    step_place(name).is_some()
}

/// Stage and number of an instruction that makes a layer: `[stage 2/5] RUN …`, the stage being absent in one-stage
/// builds and a platform before it in builds for several.
fn step_place(name: &str) -> Option<(&str, u32)> {
    let (inside, rest) = name.strip_prefix('[')?.split_once("] ")?;
    let (stage, counter) = inside.rsplit_once(' ').unwrap_or(("", inside));
    let (number, of) = counter.split_once('/')?;
    of.parse::<u32>().ok()?;
    let word = rest.split(' ').next()?;
    ["RUN", "COPY", "ADD", "WORKDIR"].contains(&word).then_some((stage.trim(), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn transcript(name: &str) -> Option<RawProgress> {
        let corpus = std::env::var_os("SEAWORTHY_CORPUS").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
            PathBuf::from,
        );
        let text = fs::read_to_string(corpus.join("dockerfile-build/rawjson").join(name)).ok()?;
        let mut progress = RawProgress::default();
        for line in text.lines() {
            progress.line(line, &mut |_| {});
        }
        Some(progress)
    }

    #[test]
    fn recorded_builds_give_the_known_cache_hits() {
        for (name, hits, steps) in [
            ("1-cold.rawjson", 0, 5),
            ("2-cached.rawjson", 5, 5),
            ("3-source-changed.rawjson", 2, 5),
            ("5-remote-driver.rawjson", 0, 5),
        ] {
            let Some(progress) = transcript(name) else {
                println!("skipped: no corpus");
                return;
            };
            let seen = progress.steps();
            let cached = seen.iter().filter(|step| step.cached).count();
            assert_eq!((cached, seen.len()), (hits, steps), "{name}: {seen:?}");
        }
    }

    #[test]
    fn a_recorded_failure_shows_the_line() {
        let Some(progress) = transcript("4-failing.rawjson") else {
            println!("skipped: no corpus");
            return;
        };
        let text = progress.failure();
        assert!(text.starts_with("[stage-2 5/5] RUN exit 7\n"), "{text}");
        assert!(text.contains("10 | >>> RUN exit 7") && text.contains("exit code: 7"), "{text}");
        assert_eq!(progress.steps().iter().filter(|step| step.cached).count(), 4);
        assert!(progress.warnings()[0].starts_with("JSONArgsRecommended"), "{:?}", progress.warnings());
    }

    #[test]
    fn only_instructions_that_make_layers_count() {
        assert!(is_step("[stage-2 5/5] RUN exit 7"));
        assert!(is_step("[ 2/10] COPY . ."));
        assert!(is_step("[linux/amd64 build 2/3] ADD a b"));
        for name in
            ["[internal] load build context", "[a 1/2] FROM x", "exporting to image", "[x] RUN a", "["]
        {
            assert!(!is_step(name), "{name}");
        }
    }

    #[test]
    fn long_output_keeps_its_end() {
        let mut progress = RawProgress::default();
        let data = STANDARD.encode("é".repeat(KEPT));
        progress.line(&format!(r#"{{"logs":[{{"vertex":"a","data":"{data}"}}]}}"#), &mut |_| {});
        let log = &progress.vertexes["a"].log;
        assert!(log.len() <= KEPT && log.len() > KEPT - 4, "{}", log.len());
    }

    #[test]
    fn lines_that_come_in_pieces_are_told_whole() {
        let mut progress = RawProgress::default();
        let mut told = Vec::new();
        for piece in [&b"   Compiling\n caf\xc3"[..], b"\xa9 v1\nlast", b" words"] {
            let data = STANDARD.encode(piece);
            let line = format!(r#"{{"logs":[{{"vertex":"a","data":"{data}"}}]}}"#);
            progress.line(&line, &mut |event| told.push(event));
        }
        let end = r#"{"vertexes":[{"digest":"a","name":"x","completed":"2026-01-01T00:00:00Z"}]}"#;
        progress.line(end, &mut |event| told.push(event));
        let lines = ["   Compiling", " café v1", "last words"].map(|line| Progress::Output(line.to_owned()));
        assert_eq!(told, lines);
        assert_eq!(progress.vertexes["a"].log, "   Compiling\n café v1\nlast words");
    }
}
