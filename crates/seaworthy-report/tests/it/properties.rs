//! What holds for every format and any report.

use crate::sample;
use seaworthy_finding::{
    Category, CheckStatus, Evidence, EvidenceKind, Finding, Fix, Location, Report, Severity, Span,
    StageReport, StageStatus,
};
use seaworthy_report::{Format, Options, escape, render};

const HOSTILE: [&str; 12] = [
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "</script><script>alert(1)</script>",
    "]]> <!-- --> & \" ' `",
    "`` ` ``` ```` |a|b| **x** [l](javascript:x) ![i](x)",
    "::error file=x::y\n::set-output name=a::b",
    "\u{202e}desrever\u{2066}\u{200b}\u{feff}",
    "a\r\nb\tc\u{0}d\u{9b}31m\u{85}",
    "\u{2028}\u{2029}\u{fffe}\u{ffff}\u{e0041}",
    "日本語 🚢 é",
    "%0A%3A,:;=",
    "",
    "../../etc/passwd?#\\\\",
];

/// A report in which every string is hostile.
fn hostile(text: &str) -> Report {
    let mut report = sample::report();
    let word = || text.to_owned();
    report.subject = word();
    report.command = word();
    report.version = word();
    report.created = word();
    report.decided_by = vec![word()];
    report.stages =
        vec![StageReport { name: word(), status: StageStatus::Failed, summary: word(), ms: u64::MAX }];
    let places = [
        Location::Layer { layer: word(), path: word() },
        Location::Config { field: word() },
        Location::Observation { name: word() },
        Location::Registry { reference: word() },
        Location::Project,
        // A span that fits nothing.
        Location::File {
            path: "Dockerfile".to_owned(),
            span: Span::new(5, 1_000_000),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
        },
        Location::File {
            path: word(),
            span: Span::new(3, 1),
            line: 9,
            column: 9,
            end_line: 1,
            end_column: 1,
        },
        Location::File {
            path: "hostile".to_owned(),
            span: Span::new(0, text.len()),
            line: 1,
            column: 1,
            end_line: 2,
            end_column: 1,
        },
    ];
    for location in places {
        report.findings.push(Finding {
            rule: word(),
            title: word(),
            why: word(),
            help: word(),
            evidence: [EvidenceKind::Command, EvidenceKind::Excerpt, EvidenceKind::Observation]
                .map(|kind| Evidence { kind, text: word() })
                .to_vec(),
            fix: Some(Fix {
                title: word(),
                applicability: seaworthy_finding::Applicability::Unsafe,
                path: "hostile".to_owned(),
                edits: vec![seaworthy_finding::Edit {
                    span: Span::new(0, text.len()),
                    text: format!("x{text}"),
                }],
            }),
            aliases: vec![word()],
            ..sample::finding("x", Severity::High, text, location)
        });
    }
    for status in [CheckStatus::Pass, CheckStatus::NotRun, CheckStatus::Error, CheckStatus::Fail] {
        let mut check = sample::check(text, text, status, Category::Security, 3);
        check.reason = word();
        check.ms = u64::MAX / 4;
        report.checks.push(check);
    }
    report.facts.insert("image".to_owned(), serde_json::json!({"digest": text, "layers": [{"created_by": text, "compressed": 1, "unpacked": 0, "wasted": u64::MAX}], "waste": [text, {"path": text}], "packages": [1, {"kind": text}], "config": {"config": {"User": text, "Cmd": [text]}}}));
    report.facts.insert("run".to_owned(), serde_json::json!({"engine": text, "ready": {"state": "seen", "value": {"boot": {"log_tail": [text]}, "probe": text}}, "stop": {"state": "not-run", "value": text}, "http": {"state": "seen", "value": [{"request": text, "failures": [text]}]}, "writes": {"state": "seen"}}));
    report.facts.insert("release".to_owned(), serde_json::json!({"destination": text, "tags": [{"tag": text}, 1], "invalid_tags": [text], "signatures": [{"error": text}], "referrers": [{"artifact_type": text}]}));
    report
        .facts
        .insert("build".to_owned(), serde_json::json!({"steps": [{"name": text}, 3], "notes": [text]}));
    report
}

fn rendered(report: &Report, format: Format, text: &str) -> String {
    let sources = |path: &str| if path == "hostile" { Some(text.to_owned()) } else { sample::source(path) };
    render(report, format, &Options { sources: &sources, verbose: 2, ..Options::default() }).unwrap()
}

#[test]
fn hostile_strings_neither_panic_nor_reach_a_reader_raw() {
    for text in HOSTILE {
        let report = hostile(text);
        for format in Format::ALL {
            let out = rendered(&report, format, text);
            let raw = out.chars().find(|c| {
                matches!(c, '\u{0}'..='\u{9}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{2028}' | '\u{2029}')
            });
            // The data formats keep a string as it is, within the quotes of JSON.
            if matches!(format, Format::Json | Format::Jsonl | Format::Sarif | Format::Gitlab) {
                assert!(!out.contains('\u{1b}'), "{format} with {text:?}");
            } else if format != Format::Html {
                assert_eq!(raw, None, "{format} with {text:?}");
            } else {
                let (page, data) = out.split_once("<script type=\"application/json\"").unwrap();
                let c = page.chars().find(|c| c.is_control() && *c != '\n');
                assert_eq!(c, None, "{format} with {text:?}");
                assert!(!data.contains('\u{2028}') && !data.contains('\u{1b}'));
            }
        }
    }
}

#[test]
fn no_string_can_break_out_of_a_page_or_a_document() {
    let text = "</script></pre></code><img src=x onerror=alert(1)>\" onmouseover=\"x' ]]>&";
    let report = hostile(text);
    let page = rendered(&report, Format::Html, text);
    assert!(!page.contains("<img"), "no element from outside");
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    let (shown, _) = page.split_once("<script").unwrap();
    assert!(!shown.contains("\" onmouseover"), "no attribute from outside");
    let junit = rendered(&report, Format::Junit, text);
    assert!(!junit.contains("<img") && !junit.contains("]]>"));
    let markdown = rendered(&report, Format::Markdown, text);
    let outside: String = markdown.split("```").step_by(2).collect();
    // What stands in a code span is text too.
    let outside: String = outside.split('`').step_by(2).collect();
    assert!(!outside.replace("\\<img", "").contains("<img"), "{outside}");
}

#[test]
fn a_forged_workflow_command_stays_text() {
    let text = "x\n::error file=a::forged\r::warning::too";
    let out = rendered(&hostile(text), Format::Github, text);
    for line in out.lines() {
        let (_, rest) = line.trim_start_matches("::").split_once("::").unwrap();
        assert!(line.starts_with("::") && !rest.starts_with("forged"), "{line}");
    }
    assert!(!out.contains("::forged\n") && !out.contains("\n::warning::too"));
}

#[test]
fn every_finding_that_counts_is_in_every_format() {
    let report = sample::report();
    for format in Format::ALL {
        let out = rendered(&report, format, "");
        for finding in report.open() {
            assert!(out.contains(&finding.rule), "{} in {format}", finding.rule);
        }
        let detailed = !matches!(format, Format::Junit);
        if detailed {
            assert!(out.contains("19.2 MB of package lists"), "the message in {format}");
        }
    }
}

#[test]
fn what_was_not_run_is_named_as_such() {
    let report = sample::report();
    for format in Format::ALL {
        let out = rendered(&report, format, "");
        let word = match format {
            Format::Json | Format::Jsonl => "not-run",
            // GitLab's format has no place for anything but issues.
            Format::Gitlab => continue,
            _ => "not run",
        };
        assert!(out.to_lowercase().contains(word), "{format}");
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = sample::report();
    for format in Format::ALL {
        assert_eq!(rendered(&report, format, ""), rendered(&report, format, ""), "{format}");
    }
}

#[test]
fn an_empty_report_renders() {
    let report = Report::new("check", ".", "2026-11-20T10:00:00Z".to_owned());
    for format in Format::ALL {
        let out = rendered(&report, format, "");
        assert!(!out.is_empty(), "{format}");
        if format == Format::Html {
            assert!(out.len() < 120 * 1024, "{} bytes", out.len());
        }
    }
}

#[test]
fn narrow_and_wide_terminals_and_colour_do_not_panic() {
    let report = hostile("日本語 🚢 word ".repeat(40).as_str());
    for width in [0, 1, 20, 80, 1000] {
        for color in [false, true] {
            let options = Options { width, color, sources: &sample::source, ..Options::default() };
            let out = render(&report, Format::Terminal, &options).unwrap();
            assert_eq!(out.contains('\u{1b}'), color);
        }
    }
}

#[test]
fn colour_changes_no_word() {
    let report = sample::report();
    let plain = rendered(&report, Format::Terminal, "");
    let options = Options { color: true, sources: &sample::source, verbose: 2, ..Options::default() };
    let colored = render(&report, Format::Terminal, &options).unwrap();
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn escaping_is_visible_and_keeps_ordinary_text() {
    assert_eq!(escape("plain text, übermäßig"), "plain text, übermäßig");
    assert_eq!(escape("\u{1b}[31m"), "\\x1b[31m");
}
