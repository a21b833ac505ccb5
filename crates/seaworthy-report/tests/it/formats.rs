//! Goldens and the details other tools depend on.

use crate::{sample, tools};
use seaworthy_finding::{CheckStatus, Location, Report, Severity, Verdict};
use seaworthy_report::{Format, Options, render, terminal, verdict_sentence};
use serde_json::Value;
use std::collections::BTreeSet;

fn options() -> Options<'static> {
    Options { sources: &sample::source, ..Options::default() }
}

fn of(format: Format) -> String {
    render(&sample::report(), format, &options()).unwrap()
}

#[test]
fn a_check_and_what_was_observed_stand_side_by_side() {
    let report = sample::report();
    let line = |rule: &str| {
        let check = report.checks.iter().find(|check| check.rule == rule).unwrap();
        terminal::check_line(check, &options())
    };
    assert_eq!(
        line("boots"),
        " ✓ The service becomes ready                                     GET :8080/healthz 200 after 3 tries
                                                                 (1.4 s)\n"
    );
    assert_eq!(
        line("read-only-root"),
        " – It runs on a read-only root                                   not run: no user namespaces here
                                                                 (`seaworthy doctor`)\n"
    );
    assert_eq!(
        line("unhandled-stop-signal"),
        " ✗ The stop signal is ignored                                    unhandled-stop-signal (10.0 s)\n"
    );
    assert_eq!(line("root-user"), " ✓ The image does not run as root\n");
    let check = report.checks.iter().find(|check| check.rule == "read-only-root").unwrap();
    assert_eq!(
        terminal::check_line(check, &Options { width: 60, ..options() }),
        " – It runs on a read-only root\n     not run: no user namespaces here (`seaworthy doctor`)\n",
        "nothing is cut on a narrow screen"
    );
}

#[test]
fn a_finding_is_a_frame_with_its_fix() {
    let report = sample::report();
    assert_eq!(
        terminal::finding(&report.findings[0], true, &options()),
        "\
error[secret-in-env]: `SECRET_KEY` is baked into the image
 --> Dockerfile:5:5
  |
5 | ENV SECRET_KEY=abc123-not-a-real-one
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ readable with `docker history` by anyone who can pull
  |
  = why: Environment values are stored in the configuration of the image and stay readable in
         every copy of it
  = help: Pass it when the container starts, as a mounted file or a variable of the orchestrator
  = see for yourself: docker image inspect --format '{{.Config.Env}}' app:dev
  = note: severity critical, confidence high; elsewhere DL3064, SecretsUsedInArgOrEnv, CIS-DI-0010
  = fix: remove the variable from the image (unsafe: may change behaviour)
5 - ENV SECRET_KEY=abc123-not-a-real-one
"
    );
}

#[test]
fn the_footer_ends_with_the_verdict_and_the_next_command() {
    assert_eq!(
        terminal::footer(&sample::report(), &options()),
        "\
4 findings: 1 critical, 1 high, 1 medium, 1 low
2 fixable with `seaworthy check --fix`, 1 more with `--unsafe-fixes`
8 passed, 2 failed, 2 with warnings, 2 not run, 2 not applicable   (1 hidden by persona or severity, 1 waived by the policy)
Security 50 · Runtime behaviour – · Supply chain – · Size and cache 50 · Truthfulness of documents 85   (of 100; – where a check was not run or none applies)
NOT FIT: 2 of 14 checks failed (secret-in-env, unhandled-stop-signal), 2 with warnings, 2 not run

hint: next, `seaworthy explain secret-in-env`
"
    );
}

#[test]
fn every_verdict_has_its_sentence() {
    let mut report = sample::report();
    let keep = |report: &mut Report, keep: &[CheckStatus]| {
        report.checks.retain(|check| keep.contains(&check.status));
        report.stages.clear();
        report.decide();
    };
    keep(&mut report, &[CheckStatus::Pass, CheckStatus::Warn, CheckStatus::NotRun]);
    assert_eq!(report.verdict, Verdict::NotProven);
    assert_eq!(
        verdict_sentence(&report),
        "NOT PROVEN: 1 deciding check not run (unsigned-image), 2 with warnings, 1 more not run"
    );
    keep(&mut report, &[CheckStatus::Pass, CheckStatus::Warn]);
    assert_eq!(
        verdict_sentence(&report),
        "FIT WITH WARNINGS: 2 of 10 checks with warnings (relative-workdir, package-cache-in-layer)"
    );
    keep(&mut report, &[CheckStatus::Pass]);
    assert_eq!(verdict_sentence(&report), "FIT: all 8 checks passed");
    keep(&mut report, &[]);
    assert_eq!(verdict_sentence(&report), "FIT: no check applied");
    let mut stages = sample::report();
    stages.checks.clear();
    stages.decide();
    assert_eq!(verdict_sentence(&stages), "NOT FIT: stage test failed");
}

#[test]
fn the_concise_format_has_a_line_per_finding() {
    assert_eq!(
        of(Format::Concise),
        "\
Dockerfile:3:9: warning[relative-workdir]: `WORKDIR app` is relative to the base image's directory
Dockerfile:5:5: error[secret-in-env]: `SECRET_KEY` is baked into the image
Dockerfile:7:5: error[unhandled-stop-signal]: SIGTERM was ignored: the container was killed after its grace of 10.0 s
layer sha256:222222222222: /var/lib/apt/lists: warning[package-cache-in-layer]: 19.2 MB of package lists are shipped in layer 2
NOT FIT: 2 of 14 checks failed (secret-in-env, unhandled-stop-signal), 2 with warnings, 2 not run
"
    );
}

#[test]
fn findings_beyond_the_limit_are_counted_and_the_worst_stay() {
    let options = Options { max_findings: Some(1), ..options() };
    let out = render(&sample::report(), Format::Terminal, &options).unwrap();
    assert!(out.contains("3 less severe findings not shown"));
    assert!(out.contains("error[secret-in-env]") && !out.contains("warning[relative-workdir]"));
}

#[test]
fn many_passed_checks_are_counted_unless_asked_for() {
    let mut report = sample::report();
    for at in 0..30 {
        let (rule, category) = (format!("static-{at}"), seaworthy_finding::Category::Security);
        report.checks.push(sample::check(&rule, &rule, CheckStatus::Pass, category, 1));
    }
    let staged = render(&report, Format::Terminal, &options()).unwrap();
    assert!(!staged.contains("The service becomes ready"), "with stages it was shown as its stage ended");
    report.stages.clear();
    let brief = render(&report, Format::Terminal, &options()).unwrap();
    assert!(brief.contains(" ✓ 33 more checks passed (`-v` lists them)"), "{brief}");
    assert!(brief.contains("The service becomes ready"), "what was observed is listed");
    let long = render(&report, Format::Terminal, &Options { verbose: 1, ..options() }).unwrap();
    assert!(long.contains("static-29"));
}

#[test]
fn sarif_has_what_peers_leave_out() {
    let log: Value = serde_json::from_str(&of(Format::Sarif)).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5, "four open, one waived, none hidden");
    let mut prints = BTreeSet::new();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        assert!(prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "Dockerfile");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    let secret = rules.iter().find(|rule| rule["id"] == "secret-in-env").unwrap();
    assert_eq!(secret["properties"]["security-severity"], "9.5");
    assert!(secret["help"]["text"].as_str().unwrap().contains("Pass it when the container starts"));
    let workdir = results.iter().find(|one| one["ruleId"] == "relative-workdir").unwrap();
    let change = &workdir["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "/app");
    assert_eq!(change["deletedRegion"]["startColumn"], 9);
    let waived = results.iter().find(|one| one["ruleId"] == "root-user").unwrap();
    assert_eq!(waived["suppressions"][0]["kind"], "external");
    assert_eq!(waived["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "config.User");
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 2);
}

#[test]
fn equal_findings_get_their_own_fingerprints_and_moved_ones_keep_theirs() {
    let mut report = sample::report();
    let twin = report.findings[3].clone();
    report.findings.push(twin);
    let prints = |report: &Report| -> Vec<String> {
        let text = render(report, Format::Gitlab, &options()).unwrap();
        let issues: Vec<Value> = serde_json::from_str(&text).unwrap();
        issues.iter().map(|one| one["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    let before = prints(&report);
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), before.len());
    for finding in &mut report.findings {
        if let Location::File { line, end_line, .. } = &mut finding.location {
            *line += 7;
            *end_line += 7;
        }
    }
    assert_eq!(prints(&report), before);
}

#[test]
fn paths_are_relative_to_the_repository() {
    let report = sample::report();
    let options = Options { repository_prefix: "services/./api/", ..options() };
    for (format, wanted) in [
        (Format::Sarif, "\"uri\": \"services/api/Dockerfile\""),
        (Format::Gitlab, "\"path\": \"services/api/Dockerfile\""),
        (Format::Github, "file=services/api/Dockerfile,"),
        (Format::Concise, "services/api/Dockerfile:5:5:"),
    ] {
        let out = render(&report, format, &options).unwrap();
        assert!(out.contains(wanted), "{format}: {out}");
    }
}

#[test]
fn annotations_have_columns_only_within_one_line() {
    let mut report = Report::new("check", ".", String::new());
    let place = |end_line| Location::File {
        path: "a,b:c".to_owned(),
        span: seaworthy_finding::Span::new(0, 1),
        line: 1,
        column: 2,
        end_line,
        end_column: 4,
    };
    report.findings.push(sample::finding("one", Severity::High, "100% wrong", place(1)));
    report.findings.push(sample::finding("two", Severity::Low, "x", place(3)));
    assert_eq!(
        render(&report, Format::Github, &options()).unwrap(),
        "::error file=a%2Cb%3Ac,line=1,endLine=1,col=2,endColumn=4,title=one::100%25 wrong\n\
         ::warning file=a%2Cb%3Ac,line=1,endLine=3,title=two::x\n\
         ::notice title=Seaworthy::FIT: no check applied\n"
    );
}

#[test]
fn junit_counts_agree_with_its_cases() {
    let out = of(Format::Junit);
    let first = out.lines().nth(1).unwrap();
    assert!(first.contains("tests=\"21\" failures=\"3\" errors=\"0\" skipped=\"5\""), "{first}");
    assert_eq!(out.matches("<testcase ").count(), 21);
    assert_eq!(out.matches("<failure ").count(), 3);
    assert!(out.contains("<skipped message=\"not run: nothing was published\"/>"));
}

#[test]
fn the_summary_says_the_verdict_once_and_shows_the_patch() {
    let out = of(Format::Markdown);
    assert!(out.starts_with("## ❌ NOT FIT\n\n**2 of 14 checks failed"), "{out}");
    assert!(out.contains(
        "```diff\n--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,6 +1,6 @@\n FROM debian:bookworm-slim\n"
    ));
    assert_eq!(out.matches("<details>").count(), out.matches("</details>").count());
}

#[test]
fn the_page_loads_nothing_and_allows_only_its_style() {
    let page = of(Format::Html);
    let (page, _) = page.split_once("<script type=\"application/json\"").unwrap();
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for forbidden in ["http://", "https://", " src=", "<link", "@import", "url(h", " style=\"", " onclick"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for wanted in ["id=\"secret-in-env\"", "prefers-color-scheme:dark", "<main>", "lang=\"en\"", "<details>"]
    {
        assert!(page.contains(wanted), "{wanted}");
    }
    // Every link of the page leads somewhere, and no two places share a name.
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(&target), "#{target}");
    }
}

#[test]
fn the_data_in_the_page_is_the_json_of_the_report() {
    let page = of(Format::Html);
    let (_, data) = page.split_once("id=\"seaworthy-report\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let inside: Value = serde_json::from_str(data).unwrap();
    let json: Value = serde_json::from_str(&of(Format::Json)).unwrap();
    assert_eq!(inside, json);
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), sample::report());
}

#[test]
fn each_json_line_is_an_object_with_its_type() {
    let out = of(Format::Jsonl);
    let kinds: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "finding").count(), 6);
    assert_eq!(kinds.last().map(String::as_str), Some("verdict"));
}

#[test]
fn the_sarif_schema_accepts_the_log() {
    let schema = std::env::var_os("SEAWORTHY_SARIF_SCHEMA");
    let tool = tools::find("SEAWORTHY_CHECK_JSONSCHEMA", "check-jsonschema");
    let (Some(schema), Some(tool)) = (schema, tool) else {
        println!("skipped: SEAWORTHY_SARIF_SCHEMA names no schema, or `check-jsonschema` is not installed");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.sarif");
    std::fs::write(&file, of(Format::Sarif)).unwrap();
    // One of the schema's own patterns is no strict regular expression.
    let variant: [&std::ffi::OsStr; 3] =
        ["--regex-variant".as_ref(), "python".as_ref(), "--schemafile".as_ref()];
    let files: [&std::ffi::OsStr; 2] = [&schema, file.as_ref()];
    tools::accepts(&tool, &[&variant[..], &files[..]].concat());
}

#[test]
fn a_secret_in_a_source_file_is_in_no_frame_and_no_patch() {
    let mut report = sample::report();
    if let Some(fix) = &mut report.findings[0].fix {
        fix.edits[0].text = "ARG SECRET_KEY=abc123-not-a-real-one\n".to_owned();
    }
    for format in [Format::Terminal, Format::Markdown, Format::Html] {
        let out = render(&report, format, &options()).unwrap();
        assert!(!out.contains("abc123-not-a-real-one"), "{format}");
        assert!(out.contains("SECRET_KEY"), "{format}");
    }
}

#[test]
fn help_of_several_lines_keeps_them() {
    let mut report = sample::report();
    report.findings[0].help = "add to the service:\n  read_only: true\n  cap_drop: [ALL]".to_owned();
    for (format, wanted) in [
        (
            Format::Terminal,
            "  = help: add to the service:\n            read_only: true\n            cap_drop: [ALL]\n",
        ),
        (Format::Markdown, "**Help:** add to the service:\n\n```\n  read_only: true\n  cap_drop: [ALL]\n```"),
        (
            Format::Html,
            "<b>Help</b> add to the service:</p>\n<pre tabindex=\"0\">  read_only: true\n  cap_drop: [ALL]</pre>",
        ),
        (Format::Junit, "help: add to the service:\n      read_only: true\n"),
        (Format::Github, "help: add to the service:%0A  read_only: true%0A"),
    ] {
        let out = render(&report, format, &options()).unwrap();
        assert!(out.contains(wanted), "{format}: {out}");
    }
}

#[test]
fn a_static_check_is_told_once() {
    let mut report = sample::report();
    report.command = "check".to_owned();
    report.stages.clear();
    let out = render(&report, Format::Terminal, &options()).unwrap();
    assert!(!out.contains(" ! `WORKDIR` is relative") && out.contains("warning[relative-workdir]"), "{out}");
    assert!(out.contains(" – It runs on a read-only root"), "what was not run is always listed");
}
