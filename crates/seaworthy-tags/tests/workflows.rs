//! The rules of published workflows against what their own tool made of them, and any input at all.
#![expect(clippy::unwrap_used, reason = "a test stops where an evaluation fails")]

use seaworthy_tags::{Context, Event, Inputs, Rule, evaluate, images, is_raw_statement, list};

const SHA: &str = "abc1234000000000000000000000000000000000";

fn event(name: &str, reference: &str) -> Context {
    Context::new(Event {
        name: name.to_owned(),
        reference: reference.to_owned(),
        sha: SHA.to_owned(),
        default_branch: Some("main".to_owned()),
        ..Event::default()
    })
}

fn names(rules: &[&str], name: &str, reference: &str) -> Vec<String> {
    let tags = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let metadata = evaluate(&Inputs { tags, ..Inputs::default() }, &event(name, reference)).unwrap();
    let bad: Vec<String> = metadata.invalid().into_iter().map(|tag| tag.name).collect();
    metadata
        .tag_names()
        .into_iter()
        .map(|tag| if bad.contains(&tag) { format!("!{tag}") } else { tag })
        .collect()
}

/// A release workflow: branch, pull request, three versions, `latest` on the default branch, and the commit.
const RELEASE: [&str; 7] = [
    "type=ref,event=branch",
    "type=ref,event=pr",
    "type=semver,pattern={{version}}",
    "type=semver,pattern={{major}}.{{minor}}",
    "type=semver,pattern={{major}}",
    "type=raw,value=latest,enable={{is_default_branch}}",
    "type=sha,prefix={{branch}}-",
];

#[test]
fn a_release_workflow() {
    for (name, reference, expected) in [
        ("push", "refs/heads/main", &["main", "latest", "main-abc1234"][..]),
        ("push", "refs/heads/docker", &["docker", "docker-abc1234"]),
        ("push", "refs/heads/feature/new-scanner", &["feature-new-scanner", "feature-new-scanner-abc1234"]),
        ("push", "refs/tags/v0.0.250", &["0.0.250", "0.0", "0", "!-abc1234", "latest"]),
        ("push", "refs/tags/v2.0.0-rc.1", &["2.0.0-rc.1", "!-abc1234"]),
        ("pull_request", "refs/pull/7/merge", &["pr-7", "!-abc1234"]),
        ("workflow_dispatch", "refs/heads/main", &["main", "latest", "main-abc1234"]),
    ] {
        assert_eq!(names(&RELEASE, name, reference), expected, "{name} {reference}");
    }
}

#[test]
fn a_service_workflow() {
    let long = format!("type=raw,value=sha-{SHA}");
    let rules = [long.as_str(), "type=ref,event=branch", "type=ref,event=tag"];
    let sha = format!("sha-{SHA}");
    assert_eq!(names(&rules, "push", "refs/heads/docker"), ["docker", sha.as_str()]);
    assert_eq!(names(&rules, "push", "refs/tags/v0.0.250"), ["v0.0.250", sha.as_str(), "latest"]);
    assert_eq!(names(&rules, "pull_request", "refs/pull/7/merge"), [sha.as_str()]);
}

#[test]
fn an_invalid_tag_names_its_rule() {
    let long = "x".repeat(129);
    let tags = vec![format!("type=raw,value={long}"), "type=raw,value=.hidden".to_owned(), "ok".to_owned()];
    let metadata = evaluate(&Inputs { tags: tags.clone(), ..Inputs::default() }, &event("push", "")).unwrap();
    let invalid = metadata.invalid();
    assert_eq!(invalid.iter().map(|tag| tag.rule.clone()).collect::<Vec<_>>(), tags[..2]);
    assert!(invalid[0].problem.contains("128"));
    assert!(invalid[1].problem.contains("begins"));
}

#[test]
fn what_the_action_passes_over_is_noted() {
    let rules = [
        "type=raw,value=x{{nope}}",
        "type=raw,value={{branch}},priority=high",
        "type=semver,pattern={{mayor}},value=1.2.3",
    ];
    let tags = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let metadata =
        evaluate(&Inputs { tags, ..Inputs::default() }, &event("push", "refs/heads/o'neil")).unwrap();
    assert_eq!(metadata.tag_names(), ["x", "o-x27-neil"]);
    for words in ["{{nope}}", "{{mayor}}", "`priority` is no number", "{{{branch}}}"] {
        assert!(metadata.notes.iter().any(|note| note.contains(words)), "{words}: {:?}", metadata.notes);
    }
    assert_eq!(metadata.notes.len(), 4);
}

#[test]
fn anything_is_read_or_refused() {
    const PIECES: [&str; 44] = [
        "{{",
        "}}",
        "{{{",
        "}}}",
        "{{#if ",
        "{{/if}}",
        "{{else}}",
        "{{^",
        "{{~",
        "~}}",
        "\\",
        "\"",
        "'",
        ",",
        "=",
        "type=",
        "raw",
        "semver",
        "match",
        "pep440",
        "sha",
        "schedule",
        "value=",
        "pattern=",
        "group=",
        "priority=",
        "NaN",
        "branch",
        "tag",
        "date 'YYYY'",
        "commit_date '[x'",
        " tz='Asia/Tokyo'",
        "raw}}",
        "@root.",
        "../",
        "[",
        "]",
        "(",
        "*",
        "é",
        "日",
        "\n",
        "#",
        "{{!--",
    ];
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % 1_000_003).unwrap_or(0) % below
    };
    let context = event("schedule", "refs/tags/v1.2.3-rc.1");
    let mut read = 0;
    for _ in 0..5_000 {
        let text: String = (0..next(9)).map(|_| PIECES[next(PIECES.len())]).collect();
        let _ = (text.parse::<Rule>(), images(&[&text]), list(&text), is_raw_statement(&text));
        let wrapped = |prefix: &str| vec![format!("{prefix}{text}")];
        for tags in [
            wrapped(""),
            wrapped("type=raw,value="),
            wrapped("type=semver,pattern="),
            wrapped("type=schedule,pattern="),
        ] {
            let inputs = Inputs { tags, labels: vec![format!("k={text}")], ..Inputs::default() };
            read += usize::from(evaluate(&inputs, &context).is_ok());
        }
    }
    assert!(read > 500, "{read}");
}
