//! Known vulnerabilities: exports become a database, images and SBOMs are held against it, and nothing that was not
//! looked at counts as clean.

use crate::looking::{Files, image};
use crate::support::{Project, Ran, program, run, seaworthy, skipped};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const STATUS: &[u8] =
    b"Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9\nArchitecture: amd64\n\n";
const RELEASE: &[u8] = b"ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
/// The head of a program for 64-bit x86 that is nothing but its head.
const PROGRAM: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0\0\0\x40\0\0\0\0\0";
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\nLicense: BSD\n";
const MINIMIST: &[u8] = br#"{"name": "minimist", "version": "0.0.8", "license": "MIT"}"#;
const BASE: Files<'_> = &[("etc/os-release", RELEASE, 0o644, 0), ("var/lib/dpkg/status", STATUS, 0o644, 0)];
const APP: Files<'_> = &[
    ("app/run", PROGRAM, 0o755, 0),
    ("app/node_modules/minimist/package.json", MINIMIST, 0o644, 0),
    ("usr/local/lib/python3.11/site-packages/Jinja2-3.1.2.dist-info/METADATA", METADATA, 0o644, 0),
];
const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";

/// So many days ago, as records write it.
fn days_ago(days: i64) -> String {
    let now = jiff::Timestamp::now();
    (now - jiff::SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn record(id: &str, alias: &str, ecosystem: &str, name: &str, fixed: Option<&str>, age: i64) -> Value {
    let mut events = vec![json!({"introduced": "0"})];
    events.extend(fixed.map(|version| json!({"fixed": version})));
    json!({
        "id": id, "modified": days_ago(age), "aliases": [alias], "summary": format!("what {id} is about"),
        "affected": [{"package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    })
}

fn rated(mut record: Value, vector: &str) -> Value {
    record["severity"] = json!([{"type": "CVSS_V3", "score": vector}]);
    record
}

/// Six records: three about the image, one about a later version, one that was taken back, one about commits only.
fn records(age: i64) -> Vec<Value> {
    let glibc = record("DEBIAN-CVE-2024-0001", "CVE-2024-0001", "Debian:12", "glibc", None, age);
    let minimist = record("GHSA-xvch-5gv4-984h", "CVE-2021-44906", "npm", "minimist", Some("1.2.6"), age);
    let jinja = record("PYSEC-2024-1", "CVE-2024-22195", "PyPI", "jinja2", Some("3.1.3"), age);
    let mut later = record("GHSA-0000-0000-0001", "CVE-2026-1", "npm", "minimist", Some("1.0.0"), age);
    later["affected"][0]["ranges"][0]["events"][0]["introduced"] = json!("0.1.0");
    let mut withdrawn = record("GHSA-0000-0000-0002", "CVE-2026-2", "npm", "minimist", None, age);
    withdrawn["withdrawn"] = json!(days_ago(age));
    let mut commits = record("OSV-2026-3", "CVE-2026-3", "npm", "minimist", None, age);
    commits["affected"] = json!([{"ranges": [{"type": "GIT", "repo": "https://code.example/x", "events": [{"introduced": "0"}]}]}]);
    vec![rated(glibc, MEDIUM), rated(minimist, CRITICAL), rated(jinja, MEDIUM), later, withdrawn, commits]
}

fn lines(records: &[Value]) -> String {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    format!("{}\n", lines.join("\n"))
}

/// An image, exports and a database in a directory of their own.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
}

impl Bench {
    /// With a database whose advisories are so many days old.
    pub(crate) fn new(age: i64) -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        image(&bench.dir.path().join("image"), &[BASE, APP], &[]);
        fs::write(bench.path("all.ndjson"), lines(&records(age))).unwrap();
        bench.run(&["db", "import", "all.ndjson"]).expect(0);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// Runs the program in the directory, with its database.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let mut command = seaworthy();
        command.current_dir(self.dir.path()).env("SEAWORTHY_DB", self.path("db/adv.db")).args(args);
        command.output().unwrap().into()
    }

    /// A scan's report, whatever its exit code.
    fn scan(&self, subject: &str, args: &[&str]) -> (i32, Value) {
        let ran = self.run(&[&["scan", subject, "--format", "json"], args].concat());
        let report = serde_json::from_str(&ran.stdout);
        (ran.code, report.unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.stdout, ran.stderr)))
    }
}

/// The vulnerabilities that a report counts: name, package, version.
fn found(report: &Value) -> BTreeSet<String> {
    let list = report["facts"]["scan"]["vulnerabilities"].as_array().unwrap();
    let open = list.iter().filter(|one| one["standing"]["kind"] == "open");
    open.map(|one| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        format!("{} {} {}", text("id"), text("package"), text("version"))
    })
    .collect()
}

/// The rules that have open findings, with their number.
fn rules(report: &Value) -> Vec<(String, usize)> {
    let mut out: Vec<(String, usize)> = Vec::new();
    for finding in report["findings"].as_array().unwrap().iter().filter(|one| one["status"] == "open") {
        let name = finding["rule"].as_str().unwrap().to_owned();
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => out.push((name, 1)),
        }
    }
    out.sort();
    out
}

fn expected() -> BTreeSet<String> {
    ["CVE-2021-44906 minimist 0.0.8", "CVE-2024-0001 libc6 2.36-9", "CVE-2024-22195 Jinja2 3.1.2"]
        .map(str::to_owned)
        .into()
}

#[test]
fn exports_of_every_form_make_the_same_database() {
    let bench = Bench::new(1);
    let status = |db: &str| -> Value {
        serde_json::from_str(&bench.run(&["db", "status", "--db", db, "--format", "json"]).expect(0).stdout)
            .unwrap()
    };
    let own = status("db/adv.db");
    assert_eq!((&own["advisories"], &own["withdrawn"], &own["git_only"]), (&json!(4), &json!(1), &json!(1)));
    assert_eq!(own["age_days"], 1);
    let names: Vec<&String> = own["ecosystems"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["Debian:12", "PyPI", "npm"]);

    fs::create_dir_all(bench.path("loose/deep")).unwrap();
    for (at, record) in records(1).iter().enumerate() {
        bench
            .write(&format!("loose/{}{at}.json", if at % 2 == 0 { "" } else { "deep/" }), record.to_string());
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(lines(&records(1)).as_bytes()).unwrap();
    bench.write("all.gz", packed.finish().unwrap());
    bench.write("list.json", Value::Array(records(1)).to_string());
    let mut forms = vec!["loose", "all.gz", "list.json"];
    let zip = "import sys, zipfile, pathlib\nout = zipfile.ZipFile('all.zip', 'w', zipfile.ZIP_DEFLATED)\n\
        [out.write(name, name.name) for name in pathlib.Path('loose').rglob('*.json')]\nout.close()";
    match Command::new("python3").args(["-c", zip]).current_dir(bench.dir.path()).status() {
        Ok(done) if done.success() => forms.push("all.zip"),
        _ => skipped("no python3 to make an archive with"),
    }
    for form in forms {
        bench.run(&["db", "import", form, "--db", "other.db"]).expect(0);
        let other = status("other.db");
        for key in ["advisories", "affected", "withdrawn", "git_only", "repeated", "ecosystems"] {
            assert_eq!(own[key], other[key], "{form}: {key}");
        }
        let (_, report) = bench.scan("oci:image", &["--db", "other.db"]);
        assert_eq!(found(&report), expected(), "{form}");
    }
    // The same record twice counts once; what is no record is counted and named.
    bench.write("bad.json", r#"{"id": "X", "affected": 3}"#);
    let ran =
        bench.run(&["db", "import", "all.ndjson", "list.json", "bad.json", "--db", "other.db"]).expect(0);
    assert!(ran.stdout.contains("4 repeated, 1 unreadable"), "{}", ran.stdout);
    assert!(ran.stderr.contains("left out bad.json"), "{}", ran.stderr);
    let ran = bench.run(&["db", "import", "image/oci-layout", "--db", "other.db"]).expect(2);
    assert!(ran.stderr.contains("image/oci-layout"), "{}", ran.stderr);
}

#[test]
fn an_image_is_held_against_its_advisories() {
    let bench = Bench::new(1);
    let ran = bench.run(&["scan", "oci:image"]).expect(1);
    for part in [
        "✗ critical    9.8  CVE-2021-44906  minimist  0.0.8",
        "1.2.6",
        "libc6     2.36-9     –",
        "3 known vulnerabilities: 1 critical, 2 medium; 2 with a fix",
        "base image (1 layer, guessed from the history): 1 medium; yours: 1 critical, 1 medium",
        "judged 3 packages: Debian:12 1, PyPI 1, npm 1",
        "not judged 1 package: nothing tells what is in these programs",
        "NOT FIT",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    let (code, report) = bench.scan("oci:image", &[]);
    assert_eq!((code, found(&report)), (1, expected()));
    assert_eq!(rules(&report), [("known-vulnerability".to_owned(), 3), ("unjudged-package".to_owned(), 1)]);
    let scan = &report["facts"]["scan"];
    assert_eq!(scan["unjudged"][0]["packages"], json!(["/app/run"]));
    let by: BTreeSet<(&str, &str)> = scan["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["package"].as_str().unwrap(), one["origin"].as_str().unwrap()))
        .collect();
    assert_eq!(by, BTreeSet::from([("libc6", "base"), ("minimist", "yours"), ("Jinja2", "yours")]));

    // SARIF names each by its CVE, and where it lies.
    bench.run(&["scan", "oci:image", "--format", "sarif=scan.sarif"]).expect(1);
    let sarif: Value = serde_json::from_slice(&fs::read(bench.path("scan.sarif")).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().clone();
    let of = |cve: &str| results.iter().find(|one| one["message"]["text"].as_str().unwrap().contains(cve));
    let minimist = of("CVE-2021-44906").unwrap();
    assert_eq!((&minimist["ruleId"], &minimist["level"]), (&json!("known-vulnerability"), &json!("error")));
    assert!(minimist.to_string().contains("minimist/package.json"), "{minimist}");
    assert!(of("CVE-2024-22195").is_some() && of("CVE-2026-1 ").is_none());
    let schema = std::env::var_os("SEAWORTHY_SARIF_SCHEMA");
    match (schema, program("check-jsonschema")) {
        (Some(schema), Some(checker)) => {
            let done = Command::new(checker)
                .args(["--regex-variant", "python", "--default-filetype", "json", "--schemafile"])
                .arg(schema)
                .arg(bench.path("scan.sarif"))
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        }
        _ => skipped("no schema of SARIF, or no check-jsonschema"),
    }
}

#[test]
fn an_old_or_missing_database_is_never_clean() {
    let bench = Bench::new(40);
    let (code, report) = bench.scan("oci:image", &["--fail-on", "medium"]);
    assert_eq!(code, 1);
    let stale = &report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "stale-advisories");
    let message = stale.unwrap()["message"].as_str().unwrap().to_owned();
    assert_eq!(message, "the newest advisory is 40 days old, 7 days allowed");
    bench.write("seaworthy.toml", "[scan]\nmax-age = \"60d\"\n");
    assert!(!rules(&bench.scan("oci:image", &[]).1).iter().any(|(name, _)| name == "stale-advisories"));

    // An image without any finding is no fit one where there is nothing to hold it against.
    image(&bench.path("clean"), &[&[("a", b"", 0o644, 0)]], &[]);
    for subject in ["oci:image", "oci:clean"] {
        let ran = bench.run(&["scan", subject, "--db", "none.db"]).expect(4);
        assert!(ran.stdout.contains("NOT PROVEN") && !ran.stdout.contains("FIT:"), "{}", ran.stdout);
        assert!(ran.stderr.contains("no database of advisories at `none.db`"), "{}", ran.stderr);
        assert!(ran.stderr.contains("seaworthy db import"), "{}", ran.stderr);
    }
    // Nothing was judged: that is no pass either.
    let (_, report) = bench.scan("oci:clean", &[]);
    let check = report["checks"].as_array().unwrap().iter().find(|one| one["rule"] == "known-vulnerability");
    assert_eq!(check.unwrap()["status"], "not-run", "{check:?}");
    // A budget that nothing was counted against is broken.
    bench.write("seaworthy.toml", "[scan]\nmax = { high = 3 }\n");
    let ran = bench.run(&["scan", "oci:image", "--db", "none.db", "--format", "json"]).expect(4);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["verdict"], "not-proven");
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["severity"]), (&json!("unjudged-package"), &json!("high")));

    // A damaged database gives no answer at all.
    let mut bytes = fs::read(bench.path("db/adv.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bench.write("damaged.db", &bytes).write("text.db", "not one");
    for db in ["damaged.db", "text.db"] {
        let ran = bench.run(&["scan", "oci:image", "--db", db]).expect(2);
        assert!(ran.stderr.contains(db) && ran.stdout.is_empty(), "{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn budgets_waivers_and_severities_decide() {
    let bench = Bench::new(1);
    let with = |policy: &str, args: &[&str]| {
        bench.write("seaworthy.toml", policy);
        let (code, report) = bench.scan("oci:image", args);
        let open = rules(&report).into_iter().find(|(name, _)| name == "known-vulnerability");
        (code, open.map_or(0, |(_, count)| count))
    };
    assert_eq!(with("", &[]), (1, 3));
    assert_eq!(with("[scan]\nmax = { critical = 1 }\n", &[]), (0, 2));
    assert_eq!(with("[scan]\nmax = { critical = 1 }\n", &["--fail-on", "medium"]), (1, 2));
    assert_eq!(with("[scan]\nmax = { critical = 1, medium = 2 }\n", &["--fail-on", "medium"]), (0, 0));
    // Two are not within a budget of one, and then both count.
    assert_eq!(with("[scan]\nmax = { critical = 1, medium = 1 }\n", &["--fail-on", "medium"]), (1, 2));
    assert_eq!(with("", &["--only-fixed"]), (1, 2));
    let waiver =
        |rest: &str| format!("[[waiver]]\nrule = \"known-vulnerability\"\nid = \"CVE-2021-44906\"\n{rest}");
    assert_eq!(with(&waiver("reason = \"no input of others is parsed\"\n"), &[]), (0, 2));
    let until = |day: &str| waiver(&format!("reason = \"being mended\"\nexpires = {day}\n"));
    assert_eq!(with(&until("2099-01-01"), &[]), (0, 2));
    assert_eq!(with(&until("2020-01-01"), &[]), (1, 3));
    // By its other name, too.
    assert_eq!(
        with(&waiver("reason = \"x\"\n").replace("CVE-2021-44906", "GHSA-xvch-5gv4-984h"), &[]),
        (0, 2)
    );
    bench.write("seaworthy.toml", "[scan]\nmax = { crittical = 1 }\n");
    let ran = bench.run(&["scan", "oci:image"]).expect(2);
    assert!(ran.stderr.contains("crittical"), "{}", ran.stderr);
}

#[test]
fn statements_of_producers_are_believed() {
    let bench = Bench::new(1);
    let open = |statements: Value| {
        json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "us",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": statements})
    };
    let about = |status: &str, product: &str| {
        json!({"vulnerability": {"name": "CVE-2021-44906"}, "products": [{"@id": product}],
        "status": status, "justification": "vulnerable_code_not_in_execute_path"})
    };
    bench.write("no.json", open(json!([about("not_affected", "pkg:npm/minimist@0.0.8")])).to_string());
    let (code, report) = bench.scan("oci:image", &["--vex", "no.json"]);
    assert_eq!((code, found(&report).len()), (0, 2));
    assert!(report.to_string().contains("vulnerable_code_not_in_execute_path"));
    let ran = bench.run(&["scan", "oci:image", "--vex", "no.json"]).expect(0);
    assert!(ran.stdout.contains("not counted: 1 dismissed by VEX"), "{}", ran.stdout);
    // About another version, or taken back by a later statement, it does not count.
    bench.write("other.json", open(json!([about("not_affected", "pkg:npm/minimist@0.0.9")])).to_string());
    assert_eq!(bench.scan("oci:image", &["--vex", "other.json"]).0, 1);
    let mut later = about("affected", "pkg:npm/minimist");
    later["timestamp"] = json!("2026-02-01T00:00:00Z");
    bench.write("back.json", open(json!([later, about("fixed", "pkg:npm/minimist")])).to_string());
    assert_eq!(bench.scan("oci:image", &["--vex", "back.json"]).0, 1);
    // The policy may name documents; CycloneDX says the same in other words.
    let cdx = json!({"bomFormat": "CycloneDX", "specVersion": "1.6",
        "components": [{"type": "library", "bom-ref": "m", "name": "minimist", "purl": "pkg:npm/minimist@0.0.8"}],
        "vulnerabilities": [{"id": "CVE-2021-44906", "affects": [{"ref": "m"}],
            "analysis": {"state": "false_positive", "detail": "only in tests"}}]});
    bench
        .write("vex.cdx.json", cdx.to_string())
        .write("seaworthy.toml", "[scan]\nvex = [\"vex.cdx.json\"]\n");
    let (code, report) = bench.scan("oci:image", &[]);
    assert_eq!((code, found(&report).len()), (0, 2));
    let ran = bench.run(&["scan", "oci:image", "--vex", "all.ndjson"]).expect(2);
    assert!(ran.stderr.contains("all.ndjson") && ran.stderr.contains("OpenVEX"), "{}", ran.stderr);
}

#[test]
fn another_base_is_weighed() {
    let bench = Bench::new(1);
    let mended = String::from_utf8_lossy(STATUS).replace("2.36-9", "2.37-1");
    let newer: Files<'_> =
        &[("etc/os-release", RELEASE, 0o644, 0), ("var/lib/dpkg/status", mended.as_bytes(), 0o644, 0)];
    image(&bench.path("old"), &[BASE], &[]);
    image(&bench.path("new"), &[newer], &[]);
    let mut mended = records(1);
    mended[0]["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}, {"fixed": "2.37-1"}]);
    bench.write("all.ndjson", lines(&mended)).run(&["db", "import", "all.ndjson"]).expect(0);
    let args = ["scan", "oci:image", "--base", "oci:old", "--compare-base", "oci:new"];
    let ran = bench.run(&args).expect(1);
    assert!(
        ran.stdout.contains("base oci:old (1 layer): 1 medium; yours: 1 critical, 1 medium"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("on oci:new: none instead of 1 medium; 1 gone, 0 new"), "{}", ran.stdout);
    let (_, report) = bench.scan("oci:image", &args[2..]);
    assert_eq!(report["facts"]["scan"]["compared"]["gone"], json!(["CVE-2024-0001"]));
    // A base the image is not built on is told as such; an SBOM has no layers to tell by.
    let ran = bench.run(&["scan", "oci:image", "--base", "oci:new"]).expect(1);
    assert!(ran.stderr.contains("is not built on `oci:new`"), "{}", ran.stderr);
    bench.run(&["sbom", "oci:image", "--output", "app.json"]).expect(0);
    let ran = bench.run(&["scan", "app.json", "--base", "oci:old"]).expect(2);
    assert!(ran.stderr.contains("an SBOM has no layers"), "{}", ran.stderr);
}

#[test]
fn an_sbom_is_scanned_like_the_image_it_is_of() {
    let bench = Bench::new(1);
    for form in ["spdx", "spdx-tag-value", "cyclonedx", "cyclonedx-1.5"] {
        bench.run(&["sbom", "oci:image", "--format", form, "--output", "app.sbom"]).expect(0);
        let (code, report) = bench.scan("app.sbom", &[]);
        assert_eq!((code, found(&report)), (1, expected()), "{form}");
        // The program of which nothing is known stays unknown in its SBOM.
        assert_eq!(report["facts"]["scan"]["unjudged"][0]["packages"], json!(["/app/run"]), "{form}");
        run(&[
            "sbom",
            &format!("oci:{}", bench.path("image").display()),
            "--verify",
            bench.path("app.sbom").to_str().unwrap(),
        ])
        .expect(0);
    }
    // A package without a package URL, and one of an ecosystem without advisories, were not looked at.
    let cdx = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "mystery", "version": "1"},
        {"type": "library", "name": "rack", "version": "2.0.0", "purl": "pkg:gem/rack@2.0.0"}]});
    bench.write("theirs.json", cdx.to_string());
    let (_, report) = bench.scan("theirs.json", &[]);
    assert_eq!(rules(&report), [("unjudged-package".to_owned(), 2)]);
    let check = report["checks"].as_array().unwrap().iter().find(|one| one["rule"] == "known-vulnerability");
    assert_eq!(check.unwrap()["status"], "not-run");
    for (name, text) in [("x.json", "{}"), ("y.json", "{"), ("z.spdx", "SPDXVersion: \n")] {
        bench.write(name, text);
        let ran = bench.run(&["scan", name]);
        assert!(ran.code == 2 || name == "z.spdx", "{name}: {}", ran.stdout);
        assert_ne!(ran.code, 0, "{name}: {}", ran.stdout);
    }
}

#[test]
fn what_is_likely_and_what_is_exploited_counts_more() {
    let bench = Bench::new(1);
    bench.write(
        "epss.csv",
        "#model_version:v2026,score_date:2026-11-01\ncve,epss,percentile\nCVE-2024-22195,0.42,0.97\n",
    );
    let kev = json!({"title": "catalogue", "vulnerabilities": [{"cveID": "CVE-2024-0001", "dateAdded": "2026-05-01"}]});
    bench.write("kev.json", kev.to_string());
    let ran = bench.run(&["db", "import", "all.ndjson", "epss.csv", "kev.json"]).expect(0);
    assert!(ran.stdout.contains("EPSS of 1, KEV of 1 CVEs"), "{}", ran.stdout);
    let (_, report) = bench.scan("oci:image", &[]);
    let list = report["facts"]["scan"]["vulnerabilities"].as_array().unwrap();
    let of = |id: &str| list.iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(of("CVE-2024-0001")["exploited"], "2026-05-01");
    assert_eq!(of("CVE-2024-22195")["epss"], 42_000, "times 100,000");
    // What is exploited already is never less than high.
    let finding = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["message"].as_str().unwrap().contains("libc6"));
    assert_eq!(finding.unwrap()["severity"], "high");
    let ran = bench.run(&["scan", "oci:image"]).expect(1);
    assert!(
        ran.stdout.contains("CVE-2024-0001!") && ran.stdout.contains("1 exploited already"),
        "{}",
        ran.stdout
    );
}

/// The size of a directory's files; for tests of what is left behind.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The gate of `ship`: what breaks the budget is not published, and the report shows why.
#[test]
fn ship_publishes_nothing_that_breaks_the_budget() {
    let project = Project::take();
    let dir = tempfile::tempdir().unwrap();
    let (export, db) = (dir.path().join("all.ndjson"), dir.path().join("adv.db"));
    let axum =
        rated(record("RUSTSEC-2026-0001", "CVE-2026-0001", "crates.io", "axum", Some("99.0.0"), 1), CRITICAL);
    let itoa =
        rated(record("RUSTSEC-2026-0002", "CVE-2026-0002", "crates.io", "itoa", Some("99.0.0"), 1), MEDIUM);
    fs::write(&export, lines(&[axum, itoa])).unwrap();
    run(&["db", "import", export.to_str().unwrap(), "--db", db.to_str().unwrap()]).expect(0);
    project.edit(
        "seaworthy.toml",
        "[publish]\n",
        "[scan]\nmax = { critical = 0, medium = 1 }\n\n[publish]\n",
    );
    project.commit();
    let ran: Ran =
        seaworthy().arg("ship").arg(&project.path).env("SEAWORTHY_DB", &db).output().unwrap().into();
    let ran = ran.expect(1);
    assert!(ran.stdout.contains("CVE-2026-0001") && ran.stdout.contains("NOT FIT"), "{}", ran.stdout);
    assert!(!project.out().join("published").exists(), "what is not fit is not published");
    let report = project.report();
    assert_eq!(rules(&report), [("known-vulnerability".to_owned(), 1)]);
    let html = fs::read_to_string(project.out().join("report.html")).unwrap();
    for part in [
        "<h2 id=\"scan\">Known vulnerabilities</h2>",
        "CVE-2026-0001",
        "99.0.0",
        "id=\"packages\"",
        "<code>axum</code>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // Any other format later, from the same results.
    let json = project.out().join("report.json");
    let ran = run(&["report", json.to_str().unwrap(), "--format", "markdown", "--no-config"]);
    assert!(
        ran.stdout.contains("### Known vulnerabilities") && ran.stdout.contains("| critical 9.8 |"),
        "{}",
        ran.stdout
    );
}
