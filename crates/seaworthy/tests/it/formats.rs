//! What is written about real files, before judges of the formats: schemas, a reader of JUnit, and what GitHub and
//! GitLab say of theirs.

use crate::support::{Ran, corpus, program, seaworthy, skipped};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The formats and the files they are written to.
const FORMATS: [&str; 4] = ["sarif", "gitlab", "junit", "github"];

/// The real files in one repository, each where `check` reads its kind, and what `check` says of them.
struct Reported {
    home: TempDir,
}

impl Reported {
    /// `None`, with a line, where the machine has no corpus or cannot unpack it.
    fn new() -> Option<Self> {
        let Some(archive) =
            corpus().map(|dir| dir.join("static/real/real.tar.zst")).filter(|file| file.is_file())
        else {
            skipped("no corpus of real files");
            return None;
        };
        let (Some(tar), Some(_)) = (program("tar"), program("zstd")) else {
            skipped("no tar or no zstd");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let unpacked = home.path().join("unpacked");
        fs::create_dir(&unpacked).unwrap();
        let done = Command::new(tar).arg("-xf").arg(&archive).arg("-C").arg(&unpacked).status().unwrap();
        assert!(done.success(), "{} cannot be unpacked", archive.display());
        let reported = Self { home };
        let count = reported.place(&unpacked);
        assert!(count > 500, "{count} files");
        fs::create_dir(reported.repository().join(".git")).unwrap();
        let mut check = seaworthy();
        check.arg("check").arg(reported.repository()).args([
            "--no-config",
            "--persona",
            "auditor",
            "--exit-zero",
        ]);
        for format in FORMATS {
            check.arg("--format").arg(format!("{format}={}", reported.file(format).display()));
        }
        Ran::from(check.output().unwrap()).expect(0);
        Some(reported)
    }

    /// Puts the archive's files where they are read, one folder each but for workflows, which have one.
    fn place(&self, unpacked: &Path) -> usize {
        let mut count = 0;
        for (kind, name) in [
            ("dockerfiles", "Dockerfile"),
            ("compose", "compose.yaml"),
            ("dockerignore", ".dockerignore"),
            ("readme", "README.md"),
            ("workflows", ""),
        ] {
            for (number, file) in fs::read_dir(unpacked.join(kind)).unwrap().map(Result::unwrap).enumerate() {
                let to = if name.is_empty() {
                    self.repository().join(".github/workflows").join(file.file_name())
                } else {
                    self.repository().join(format!("{kind}/{number}")).join(name)
                };
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::rename(file.path(), to).unwrap();
                count += 1;
            }
        }
        count
    }

    fn repository(&self) -> PathBuf {
        self.home.path().join("repository")
    }

    fn file(&self, format: &str) -> PathBuf {
        self.home.path().join(format!("report.{format}"))
    }

    fn json(&self, format: &str) -> Value {
        serde_json::from_slice(&fs::read(self.file(format)).unwrap()).unwrap()
    }

    /// How many lines each file of the repository has; what a report names must be among them.
    fn lines(&self, path: &str, known: &mut BTreeMap<String, usize>) -> usize {
        let count = || {
            let text = fs::read(self.repository().join(path));
            let text = text.unwrap_or_else(|error| panic!("{path} is named and not there: {error}"));
            text.split(|byte| *byte == b'\n').count()
        };
        *known.entry(path.to_owned()).or_insert_with(count)
    }
}

/// Whether a document follows a schema.
fn validate(checker: &Path, schema: &Path, document: &Path) -> Output {
    Command::new(checker)
        // A pattern of SARIF's schema is no regular expression by the strictest reading.
        .args(["--regex-variant", "python", "--default-filetype", "json", "--schemafile"])
        .args([schema, document])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn follows(checker: &Path, schema: &Path, document: &Path) {
    let output = validate(checker, schema, document);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A path as it was before it became a URI.
fn decoded(uri: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = uri.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn reports_about_real_files_are_what_their_readers_expect() {
    let Some(reported) = Reported::new() else { return };
    sarif(&reported);
    gitlab(&reported);
    junit(&reported);
    github(&reported);
}

fn sarif(reported: &Reported) {
    let log = reported.json("sarif");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 3_000, "{} results", results.len());
    let mut prints = BTreeSet::new();
    let mut lines = BTreeMap::new();
    for result in results {
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        assert!(prints.insert(print), "a fingerprint stands twice: {result}");
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        let from = region["startLine"].as_u64().unwrap();
        let to = region["endLine"].as_u64().unwrap_or(from);
        let path = decoded(place["artifactLocation"]["uri"].as_str().unwrap());
        if reported.repository().join(&path).is_file() {
            let count = reported.lines(&path, &mut lines) as u64;
            assert!(from <= to && to <= count, "{path} has {count} lines: {result}");
        } else {
            // What is about no file says what it is about instead.
            assert!(result["locations"][0].get("logicalLocations").is_some(), "{result}");
        }
    }
    println!("SARIF: {} results, no fingerprint twice", results.len());
    // Whoever reads an alert sees the page of its rule.
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let shown = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect::<BTreeSet<_>>();
    for rule in rules.iter().filter(|rule| shown.contains(rule["id"].as_str().unwrap())) {
        assert!(
            rule["help"]["markdown"].as_str().is_some_and(|page| page.contains("## Why it matters")),
            "{rule}"
        );
    }
    let schema = std::env::var_os("SEAWORTHY_SARIF_SCHEMA").map(PathBuf::from).filter(|file| file.is_file());
    let (Some(checker), Some(schema)) = (program("check-jsonschema"), schema) else {
        return skipped("no check-jsonschema, or SEAWORTHY_SARIF_SCHEMA names no schema");
    };
    follows(&checker, &schema, &reported.file("sarif"));
    let mut broken = log;
    broken["runs"][0]["results"][0]["level"] = json!("loud");
    let file = reported.home.path().join("broken.sarif");
    fs::write(&file, broken.to_string()).unwrap();
    assert!(!validate(&checker, &schema, &file).status.success(), "the schema refuses nothing");
}

/// What GitLab's documentation says of a code quality report.
fn code_quality() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^[^/.]|^\\.[^/]"},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}}
                        }
                    }
                }
            }
        }
    })
}

fn gitlab(reported: &Reported) {
    let issues = reported.json("gitlab");
    let issues = issues.as_array().unwrap();
    let prints: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), issues.len(), "a fingerprint stands twice");
    println!("GitLab: {} issues, no fingerprint twice", issues.len());
    let Some(checker) = program("check-jsonschema") else { return skipped("no check-jsonschema") };
    let schema = reported.home.path().join("code-quality.schema.json");
    fs::write(&schema, code_quality().to_string()).unwrap();
    follows(&checker, &schema, &reported.file("gitlab"));
}

fn junit(reported: &Reported) {
    let beside = program("check-jsonschema").and_then(|file| Some(file.parent()?.join("python3")));
    let script = "import sys, junitparser\n\
        xml = junitparser.JUnitXml.fromfile(sys.argv[1])\n\
        said = (xml.tests, xml.failures, xml.errors, xml.skipped)\n\
        for suite in xml:\n    \
            own = (suite.tests, suite.failures, suite.errors, suite.skipped)\n    \
            suite.update_statistics()\n    \
            assert own == (suite.tests, suite.failures, suite.errors, suite.skipped), (suite.name, own)\n\
        xml.update_statistics()\n\
        assert said == (xml.tests, xml.failures, xml.errors, xml.skipped), said\n\
        print('JUnit:', *said)\n";
    let Some(python) = beside.filter(|file| file.is_file()) else {
        return skipped("no Python beside check-jsonschema");
    };
    let known =
        Command::new(&python).args(["-c", "import junitparser"]).stderr(Stdio::null()).status().unwrap();
    if !known.success() {
        return skipped("no junitparser (PyPI) to read JUnit with");
    }
    let output = Command::new(&python).args(["-c", script]).arg(reported.file("junit")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

/// One command a line, as GitHub's runner reads them: `::level key=value,…::text`.
fn github(reported: &Reported) {
    let text = fs::read_to_string(reported.file("github")).unwrap();
    let mut lines = BTreeMap::new();
    let mut count = 0;
    for line in text.lines() {
        let wrong = || -> ! { panic!("not a command: {line}") };
        let Some((head, body)) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")) else {
            wrong()
        };
        let Some((level, settings)) = head.split_once(' ') else { wrong() };
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        assert!(!body.is_empty() && !body.contains('\r'), "{line}");
        let settings: BTreeMap<&str, &str> =
            settings.split(',').map(|setting| setting.split_once('=').unwrap_or_else(|| wrong())).collect();
        assert!(settings.contains_key("title"), "{line}");
        let Some(path) = settings.get("file") else { continue };
        let path = path.replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        let number = |key: &str| settings.get(key).map(|value| value.parse::<usize>().unwrap());
        let (from, to) = (number("line").unwrap(), number("endLine").unwrap());
        assert!(1 <= from && from <= to && to <= reported.lines(&path, &mut lines), "{line}");
        if let (Some(column), Some(end)) = (number("col"), number("endColumn")) {
            assert!(1 <= column && column <= end && from == to, "{line}");
        }
        count += 1;
    }
    assert!(count > 3_000, "{count} annotations");
    println!("GitHub: {count} annotations");
}
