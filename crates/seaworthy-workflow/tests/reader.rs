//! What the reader gives for whole files.

#![expect(clippy::format_push_string, reason = "a test builds its input plainly")]

use seaworthy_workflow::{Grants, JobSecrets, Target, read, read_action};

const TEXT: &str = "name: ci # é
on:
  push:
    branches: [main, 'v*']
  workflow_call:
    inputs:
      tag: { type: string, required: true }
permissions:
  contents: read
jobs:
  image:
    runs-on: [self-hosted, linux]
    if: github.ref == 'refs/heads/main'
    strategy:
      matrix:
        os: [a, b]
        include:
          - os: c
    steps:
      - uses: actions/checkout@v4
        with:
          ref: \"${{ github['head_ref'] }}\\t${{ inputs.tag }}\"
      - run: |
          echo é \\
            \"${{ matrix.os }}\"

          echo '${{ github.event.head_commit.message }}'
      - run: &x >- # a | b

          echo
          ${{ secrets.A }}
      - name: it''s ${{ 'a' }}
        run: 'echo ''${{ format(''{0}'', env.X) }}'''
  call:
    needs: image
    uses: ./.github/workflows/x.yml
    secrets: inherit
";

#[test]
fn every_expression_is_found_where_it_stands() {
    let (workflow, problems) = read(TEXT);
    assert_eq!(problems, []);
    let job = &workflow.jobs[0];
    let mut seen = Vec::new();
    for step in &job.steps {
        for text in step.run.iter().chain(&step.name).chain(step.with.iter().filter_map(|entry| entry.text()))
        {
            for part in &text.interpolations {
                let expr = part.expr.as_ref().unwrap();
                let first = expr.references().first().map(|reference| reference.span.of(TEXT).to_owned());
                seen.push((part.span.of(TEXT).to_owned(), first.unwrap_or_default()));
            }
        }
    }
    let expected = [
        ("${{ github['head_ref'] }}", "github['head_ref']"),
        ("${{ inputs.tag }}", "inputs.tag"),
        ("${{ matrix.os }}", "matrix.os"),
        ("${{ github.event.head_commit.message }}", "github.event.head_commit.message"),
        ("${{ secrets.A }}", "secrets.A"),
        ("${{ format(''{0}'', env.X) }}", "env.X"),
        ("${{ 'a' }}", ""),
    ];
    assert_eq!(seen, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let run = job.steps[1].run.as_ref().unwrap();
    let at = run.value.find("'$").unwrap();
    assert_eq!(run.locate(TEXT, &(at..at + 3)).of(TEXT), "'${");
    assert_eq!(run.span.of(TEXT).lines().count(), 5);
    let condition = job.condition.as_ref().unwrap().expr.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(condition.references()[0].span.of(TEXT), "github.ref");
}

/// The value of a block ends with a line break; the file may not.
#[test]
fn no_place_lies_behind_the_end_of_the_file() {
    let text =
        "on: push\njobs:\n  a:\n    runs-on: u\n    steps:\n      - run: |\n          echo ${{ github.x";
    let (workflow, _) = read(text);
    let run = workflow.jobs[0].steps[0].run.as_ref().unwrap();
    let [part] = run.interpolations.as_slice() else { panic!("{:?}", run.interpolations) };
    assert_eq!(text.get(part.span.start..part.span.end), Some("${{ github.x"));
    let error = part.expr.as_ref().unwrap_err();
    assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?}");
}

#[test]
fn the_tree_says_what_the_file_says() {
    let (workflow, _) = read(TEXT);
    assert_eq!(workflow.triggers[0].branches.as_ref().unwrap()[1].value, "v*");
    assert!(workflow.triggers[1].inputs[0].required);
    let Grants::Scopes(scopes) = &workflow.permissions.as_ref().unwrap().grants else { panic!() };
    assert_eq!((scopes[0].scope.as_str(), scopes[0].access.as_str()), ("contents", "read"));
    let (image, call) = (&workflow.jobs[0], &workflow.jobs[1]);
    assert_eq!(image.runs_on.as_ref().unwrap().labels.len(), 2);
    let matrix = image.strategy.as_ref().unwrap().matrix.as_ref().unwrap();
    assert_eq!((matrix.rows[0].values.as_ref().unwrap().len(), matrix.include.len()), (2, 1));
    assert!(image.steps[0].uses("actions/checkout"));
    assert_eq!(image.steps[0].uses.as_ref().unwrap().major(), Some(4));
    assert_eq!(
        call.uses.as_ref().unwrap().target,
        Target::Local { path: ".github/workflows/x.yml".to_owned() }
    );
    assert!(matches!(call.secrets, Some(JobSecrets::Inherit(span)) if span.of(TEXT) == "inherit"));
    assert_eq!(call.needs[0].value, "image");
}

#[test]
fn what_does_not_read_is_located_and_the_rest_is_there() {
    let text = "on: push\njobs:\n  a:\n    runs_on: x\n    steps:\n      - run: a\n        uses: b/c@v1\n      - {}\n  A:\n    runs-on: x\n    steps: []\n";
    let (workflow, problems) = read(text);
    assert_eq!(workflow.jobs.len(), 1);
    let found: Vec<(&str, Option<&str>)> =
        problems.iter().map(|problem| (problem.span.of(text), problem.near.as_deref())).collect();
    let expected = [("A", None), ("runs_on", Some("runs-on")), ("run", None), ("{}", None), ("a", None)];
    assert_eq!(found, expected);
    let (workflow, problems) = read("on: push\njobs:\n  a:\n    steps:\n      - run: x\n   bad: [\n");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(workflow.jobs[0].steps.len(), 1);
}

#[test]
fn actions_read() {
    let text = "name: x\ninputs:\n  a: { required: true, default: b }\nruns:\n  using: composite\n  steps:\n    - run: echo ${{ inputs.a }}\n      shell: bash\n";
    let (action, problems) = read_action(text);
    assert_eq!(problems, []);
    assert!(action.inputs[0].required && action.inputs[0].default.is_some());
    assert_eq!(action.steps[0].run.as_ref().unwrap().interpolations[0].span.of(text), "${{ inputs.a }}");
}

#[test]
fn odd_files_neither_fail_nor_take_long() {
    for text in
        ["", "\u{feff}on: x", "[", "- a", "a: &a [*a]", "on:\njobs:\n", "%", "\t", "jobs: {a: {steps: 3}}"]
    {
        read(text);
        read_action(text);
    }
    let mut bomb = String::from("on: push\nx0: &x0 {run: a}\n");
    for level in 1..30 {
        let below = format!("*x{}", level - 1);
        bomb.push_str(&format!("x{level}: &x{level} [{below}, {below}, {below}, {below}]\n"));
    }
    bomb.push_str("jobs:\n  a: &a\n    steps: *x29\n");
    for at in 0..1000 {
        bomb.push_str(&format!("  j{at}: *a\n"));
    }
    let (workflow, _) = read(&bomb);
    assert_eq!(workflow.jobs.len(), 1001);
    let deep = format!("on: {}", "[".repeat(100_000));
    assert!(!read(&deep).1.is_empty());
    let long = format!("on: push\njobs:\n  a:\n    steps:\n      - run: {}\n", "${{ a }} ".repeat(100_000));
    assert_eq!(read(&long).0.jobs[0].steps[0].run.as_ref().unwrap().interpolations.len(), 100_000);
}
