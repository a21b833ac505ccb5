//! Levels, comments, waivers, personas and absent facts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use seaworthy_facts::{Facts, Observed};
use seaworthy_finding::{CheckStatus, Family, FindingStatus, Persona, Policy, Severity};
use seaworthy_rules::{Options, Outcome, evaluate};
use support::{FAMILIES, patched};

fn project(files: &[(&str, &str)]) -> Facts {
    Facts { project: Some(seaworthy_project::from_files(files)), ..Facts::default() }
}

fn check(text: &str, policy: &str, opts: Options) -> Outcome {
    let facts = project(&[("Dockerfile", text)]);
    let policy = Policy::parse(policy).unwrap();
    evaluate(&facts, &policy, None, &[Family::Dockerfile, Family::Policy], &opts)
}

fn status(outcome: &Outcome, rule: &str) -> Vec<FindingStatus> {
    outcome.findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.status).collect()
}

fn verdict(outcome: &Outcome, rule: &str) -> Option<CheckStatus> {
    outcome.checks.iter().find(|check| check.rule == rule).map(|check| check.status)
}

#[test]
fn comments_of_three_tools_silence_the_next_instruction_only() {
    for comment in [
        "# seaworthy: ignore[mutable-base-tag] a stand-in",
        "# hadolint ignore=DL3006",
        "# check=skip=DL3006 // a stand-in",
    ] {
        let text = format!("FROM scratch AS none\n{comment}\nFROM debian AS a\nFROM debian AS b\n");
        let outcome = check(&text, "", Options::default());
        assert_eq!(
            status(&outcome, "mutable-base-tag"),
            [FindingStatus::Suppressed, FindingStatus::Open],
            "{comment}"
        );
    }
}

#[test]
fn a_comment_at_the_top_or_a_directive_silences_the_whole_file() {
    for top in [
        "# check=skip=WorkdirRelativePath\n",
        "# seaworthy: ignore[relative-workdir] the base sets it\n\n",
        "# hadolint global ignore=DL3000\n",
    ] {
        let outcome = check(&format!("{top}FROM debian:12\nWORKDIR app\n"), "", Options::default());
        assert_eq!(status(&outcome, "relative-workdir"), [FindingStatus::Suppressed], "{top}");
        assert_eq!(verdict(&outcome, "relative-workdir"), Some(CheckStatus::Pass));
    }
}

#[test]
fn yaml_and_markdown_comments_silence_too() {
    let facts = project(&[
        (
            "compose.yaml",
            "services:\n  a:\n    # seaworthy: ignore[mutable-image-tag] local only\n    image: a:latest\n  b:\n    image: b:latest # seaworthy: ignore[mutable-image-tag] local\n",
        ),
        ("README.md", "<!-- seaworthy: ignore[broken-link] made by the build -->\n[x](gone.md)\n"),
    ]);
    let families = [Family::Compose, Family::Document];
    let outcome = evaluate(&facts, &Policy::default(), None, &families, &Options::default());
    assert_eq!(status(&outcome, "mutable-image-tag"), [FindingStatus::Suppressed; 2]);
    assert_eq!(status(&outcome, "broken-link"), [FindingStatus::Suppressed]);
}

#[test]
fn waivers_hold_by_rule_and_path_until_their_day() {
    let waiver = |path: &str, day: &str| {
        format!(
            "[[waiver]]\nrule = \"DL3000\"\npath = \"{path}\"\nreason = \"the base sets it\"\nexpires = {day}\n"
        )
    };
    let opts = Options { today: (2026, 6, 1), ..Options::default() };
    let text = "FROM debian:12\nWORKDIR app\n";
    let status_of =
        |path: &str, day: &str| status(&check(text, &waiver(path, day), opts), "relative-workdir");
    assert_eq!(status_of("Dockerfile", "2026-06-01"), [FindingStatus::Waived]);
    assert_eq!(status_of("Docker*", "2026-06-02"), [FindingStatus::Waived]);
    assert_eq!(status_of("Dockerfile", "2026-05-31"), [FindingStatus::Open]);
    assert_eq!(status_of("ci/Dockerfile", "2026-06-02"), [FindingStatus::Open]);
    let outcome = check(text, &waiver("Dockerfile", "2026-05-31"), opts);
    assert_eq!(verdict(&outcome, "expired-waiver"), Some(CheckStatus::Warn));
    assert_eq!(verdict(&outcome, "unused-waiver"), Some(CheckStatus::Pass));
    let outcome = check(text, &waiver("ci/Dockerfile", "2026-06-02"), opts);
    assert_eq!(verdict(&outcome, "unused-waiver"), Some(CheckStatus::Warn));
}

#[test]
fn a_waiver_may_name_a_secret_by_its_digest_and_a_place_by_a_pattern() {
    let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let status_of = |lines: &str| {
        let secret = serde_json::json!({
            "what": "private key", "detector": "private-key", "redacted": "… (9 characters)", "sha256": sum, "proven": true,
            "place": {"kind": "file", "layer": "sha256:1", "index": 0, "path": "/app/tests/a/key.pem", "line": 1, "hidden": false},
        });
        let policy = format!("[[waiver]]\nrule = \"secret-in-layer\"\nreason = \"a test key\"\n{lines}\n");
        let patch = serde_json::json!({"image": {"secrets": [secret]}, "policy": policy});
        let (facts, policy) = patched(&patch.to_string());
        let families = [Family::Image, Family::Policy];
        let outcome = evaluate(&facts, &policy, None, &families, &Options::default());
        let unused = verdict(&outcome, "unused-waiver") == Some(CheckStatus::Warn);
        (status(&outcome, "secret-in-layer"), unused)
    };
    for good in [
        format!("sha256 = \"{sum}\""),
        format!("sha256 = \"sha256:{}\"", &sum[..12]),
        "path = \"/app/tests/*/*.pem\"".to_owned(),
        "path = \"*.pem\"".to_owned(),
        format!("path = \"/app/*\"\nsha256 = \"{sum}\""),
    ] {
        assert_eq!(status_of(&good), (vec![FindingStatus::Waived], false), "{good}");
    }
    for bad in [
        format!("sha256 = \"{}\"", "0".repeat(64)),
        format!("sha256 = \"{}\"", &sum[..8]),
        "sha256 = \"\"".to_owned(),
        "path = \"/app/*.key\"".to_owned(),
        format!("path = \"/srv/*\"\nsha256 = \"{sum}\""),
    ] {
        assert_eq!(status_of(&bad), (vec![FindingStatus::Open], true), "{bad}");
    }
}

#[test]
fn levels_come_from_the_policy_then_the_profile_then_the_rule() {
    let text = "FROM debian:12\nEXPOSE 80\nUSER root\n";
    let plain = check(text, "", Options::default());
    assert_eq!(verdict(&plain, "root-user"), Some(CheckStatus::Fail));
    assert_eq!(verdict(&plain, "missing-healthcheck"), Some(CheckStatus::NotApplicable));
    let profile =
        check(text, "profile = \"production\"\n[rules]\nroot-user = \"warn\"\n", Options::default());
    assert_eq!(verdict(&profile, "missing-healthcheck"), Some(CheckStatus::Fail));
    assert_eq!(verdict(&profile, "root-user"), Some(CheckStatus::Warn));
    let off = check(text, "[rules]\nDL3002 = \"off\"\n", Options::default());
    assert_eq!(verdict(&off, "root-user"), None);
}

#[test]
fn what_a_persona_hides_is_counted_and_not_called_passed() {
    let outcome = check("FROM debian:12\n", "", Options::default());
    assert_eq!(status(&outcome, "unpinned-base-digest"), [FindingStatus::Hidden]);
    assert_eq!(verdict(&outcome, "unpinned-base-digest"), Some(CheckStatus::NotApplicable));
    let opts = Options { persona: Persona::Pedantic, ..Options::default() };
    let outcome = check("FROM debian:12\n", "", opts);
    assert_eq!(status(&outcome, "unpinned-base-digest"), [FindingStatus::Open]);
    let opts = Options { min_severity: Severity::High, persona: Persona::Pedantic, ..Options::default() };
    assert_eq!(status(&check("FROM debian:12\n", "", opts), "unpinned-base-digest"), [FindingStatus::Hidden]);
}

#[test]
fn absent_facts_are_not_run_and_never_passed() {
    let outcome = evaluate(&Facts::default(), &Policy::default(), None, &FAMILIES, &Options::default());
    assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
    for check in &outcome.checks {
        let family = seaworthy_rules::find(&check.rule).unwrap().meta.family;
        if !matches!(family, Family::Policy) {
            assert!(matches!(check.status, CheckStatus::NotRun | CheckStatus::NotApplicable), "{check:?}");
            assert!(!check.reason.is_empty(), "{check:?}");
        }
    }
    let (mut facts, policy) = patched("{}");
    if let Some(run) = &mut facts.run {
        run.stop = Observed::NotRun("no user namespaces here".to_owned());
        run.http = Observed::NotApplicable("no request is configured".to_owned());
    }
    let outcome = evaluate(&facts, &policy, None, &[Family::Run], &Options::default());
    let stop = outcome.checks.iter().find(|check| check.rule == "unhandled-stop-signal").unwrap();
    assert_eq!((stop.status, stop.reason.as_str()), (CheckStatus::NotRun, "no user namespaces here"));
    assert_eq!(verdict(&outcome, "failed-expectation"), Some(CheckStatus::NotApplicable));
}

/// Each defect turns its rule red and no other one.
#[test]
fn each_mutant_of_the_service_turns_its_own_rules_red() {
    let profile = "profile = \\\"private-api\\\"\\n[[image]]\\nbudget = { compressed = \\\"5MB\\\" }\\n";
    let cases: [(&str, &str, &[&str]); 12] = [
        (
            "runs as root",
            r#""image":{"config":{"config":{"User":"0:0"}}},"run":{"privileges":{"value":{"uid":0,"gid":0}}}"#,
            &["root-process", "runs-as-root"],
        ),
        (
            "swallows SIGTERM",
            r#""run":{"stop":{"value":{"exit":{"code":null,"signal":9},"ms":10000,"forced":true,"handler":false,"pid1":"/bin/sh -c app"}}}"#,
            &["unhandled-stop-signal"],
        ),
        (
            "secret in a deleted file",
            r#""image":{"secrets":[{"what":"private key","detector":"private-key","redacted":"-----B…","place":{"kind":"file","layer":"sha256:1111111111111111111111111111111111111111111111111111111111111111","index":0,"path":"/k","line":1,"hidden":true},"proven":true}]}"#,
            &["secret-in-layer"],
        ),
        (
            "silent default",
            r#""run":{"missing":{"value":[{"name":"API_TOKEN","required_by":"README.md","boot":{"ready":true,"exit":null,"ms":40,"log_tail":[],"diagnosis":[]},"named":false,"limit_ms":5000}]}}"#,
            &["silent-default"],
        ),
        (
            "undeclared port",
            r#""run":{"sockets":{"value":[{"protocol":"tcp","address":"0.0.0.0","port":8080,"loopback":false},{"protocol":"tcp","address":"0.0.0.0","port":9229,"loopback":false}]}}"#,
            &["undeclared-port"],
        ),
        (
            "hidden write",
            r#""run":{"writes":{"value":[{"path":"/state","kind":"created","size":1,"covered":false}]}}"#,
            &["hidden-write"],
        ),
        (
            "wrong health path",
            r#""run":{"health":{"value":{"healthy":false,"last_status":1,"last_output":"404","unhealthy_when_stopped":null}}}"#,
            &["unhealthy-healthcheck"],
        ),
        ("logs the token", r#""run":{"logs":{"value":{"leaks":["API_TOKEN: 5f3a…"]}}}"#, &["secret-in-log"]),
        (
            "cannot read its token",
            r#""run":{"ready":{"value":{"boot":{"ready":false,"exit":{"code":2,"signal":null,"oom_killed":false},"diagnosis":["`/run/secrets/api_token` is owned by 0:0 with mode 0400"]}}},"read_only":{"state":"not-run","value":"not ready"},"offline":{"state":"not-run","value":"not ready"},"writes":{"state":"not-run","value":"not ready"}}"#,
            &["not-ready"],
        ),
        (
            "label missing",
            r#""image":{"config":{"config":{"Labels":{"org.opencontainers.image.licenses":null}}}}"#,
            &["missing-label"],
        ),
        ("oversized", r#""image":{"compressed":50000000}"#, &["oversized-image"]),
        ("unsigned", r#""release":{"signatures":[],"sign_wanted":false}"#, &["unsigned-image"]),
    ];
    for (name, patch, wanted) in cases {
        let (facts, policy) = patched(&format!("{{\"policy\":\"{profile}\",{patch}}}"));
        let outcome = evaluate(&facts, &policy, policy.image.first(), &FAMILIES, &Options::default());
        let mut red: Vec<&str> = outcome
            .checks
            .iter()
            .filter(|check| check.status == CheckStatus::Fail)
            .map(|check| check.rule.as_str())
            .collect();
        red.sort_unstable();
        assert_eq!(red, wanted, "{name}");
    }
}

#[test]
fn comments_levels_and_waivers_may_name_one_number_of_many() {
    let text = "FROM debian:12\nRUN [[ -f a ]]; cd /b; source c\n";
    let of = |text: &str, policy: &str| -> Vec<(String, FindingStatus)> {
        let found = check(text, policy, Options::default()).findings;
        let own = found.into_iter().filter(|finding| finding.rule == "shell-script");
        let mut own: Vec<_> = own.map(|finding| (finding.aliases.join(" "), finding.status)).collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        own
    };
    let pair = |alias: &str, status| (alias.to_owned(), status);
    let (open, gone) = (FindingStatus::Open, FindingStatus::Suppressed);
    let plain = of(text, "");
    assert_eq!(plain, [pair("SC2164", open), pair("SC3010", open), pair("SC3046", open)]);
    let off = of(text, "[rules]\nSC3010 = \"off\"\nSC2164 = \"off\"\n");
    assert_eq!(off, [pair("SC3046", open)]);
    let fails = check(text, "[rules]\nSC2164 = \"fail\"\n", Options::default());
    assert_eq!(verdict(&fails, "shell-script"), Some(CheckStatus::Fail));
    let waived = of(text, "[[waiver]]\nrule = \"SC2164\"\nreason = \"it is there\"\n");
    assert_eq!(waived[0], pair("SC2164", FindingStatus::Waived));
    assert_eq!(waived[1].1, open);
    for silenced in [
        "FROM debian:12\n# shellcheck disable=SC3010 # why\nRUN [[ -f a ]]\n",
        "FROM debian:12\nRUN true \\\n# shellcheck disable=SC3010\n && [[ -f a ]]\n",
    ] {
        assert_eq!(of(silenced, ""), [pair("SC3010", gone)], "{silenced}");
    }
    let above = "FROM debian:12\nRUN [[ -f a ]] && \\\n# shellcheck disable=SC3010\n true\n";
    assert_eq!(of(above, ""), [pair("SC3010", open)]);
}
