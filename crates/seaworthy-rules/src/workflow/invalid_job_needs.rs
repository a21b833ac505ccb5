//! Reports `needs` that name no job, name one twice, or wait for each other.

use crate::{Cx, Sink, text};
use seaworthy_finding::did_you_mean;
use seaworthy_workflow::Job;
use std::collections::{BTreeMap, BTreeSet};

declare_rule! {
    name: "invalid-job-needs",
    summary: "a job waits for a job that cannot come before it",
    passes: "every job waits for jobs that come before it",
    family: Workflow, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: ["actionlint/job-needs"],
    refs: ["GitHub documentation, jobs.<job_id>.needs"],
}

const WHY: &str = "the platform refuses the workflow, so none of its jobs runs";

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for fact in cx.workflows() {
        let jobs = &fact.workflow.jobs;
        let command = || format!("grep -n 'needs:' {}", fact.file.path);
        let places: BTreeMap<String, usize> =
            jobs.iter().enumerate().map(|(at, job)| (job.id.value.to_lowercase(), at)).collect();
        // Each looks for a near name among all jobs.
        let mut left = 50;
        for job in jobs {
            let mut seen = BTreeSet::new();
            for need in job.needs.iter().filter(|need| !need.has_expression() && !need.value.is_empty()) {
                if !seen.insert(need.value.to_lowercase()) {
                    out.finding(format!("the job `{}` needs `{}` twice", job.id.value, need.value))
                        .why("ids do not care for case, so one of the two was meant to be another job")
                        .help("remove one, or write the id of the job that is meant")
                        .at_file(&fact.file, need.span)
                        .command(command());
                } else if left > 0 && !places.contains_key(&need.value.to_lowercase()) {
                    left -= 1;
                    let near = did_you_mean(&need.value, jobs.iter().map(|job| job.id.as_str()));
                    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
                    out.finding(format!(
                        "the job `{}` needs `{}`, which does not exist",
                        job.id.value, need.value
                    ))
                    .why(WHY)
                    .help(near.map_or_else(
                        || format!("the jobs are {}", text::names(&ids, 6)),
                        |near| format!("did you mean `{near}`?"),
                    ))
                    .at_file(&fact.file, job.id.span)
                    .command(command());
                }
            }
        }
        for circle in circles(jobs, &places) {
            let names: Vec<&str> = circle.iter().map(|at| jobs[*at].id.as_str()).collect();
            out.finding(format!("the jobs {} wait for each other", text::names(&names, 6)))
                .why(WHY)
                .help("let one of them go without the other, or make them one job")
                .at_file(&fact.file, jobs[circle[0]].id.span)
                .command(command());
        }
    }
}

/// Most circles that are told of.
const MOST: usize = 10;

/// Jobs that wait for each other, the first one of the file first.
fn circles(jobs: &[Job], places: &BTreeMap<String, usize>) -> Vec<Vec<usize>> {
    let needs: Vec<Vec<usize>> = jobs
        .iter()
        .map(|job| {
            job.needs.iter().filter_map(|need| places.get(&need.value.to_lowercase()).copied()).collect()
        })
        .collect();
    let mut out = Vec::new();
    let mut state = vec![0_u8; jobs.len()];
    for first in 0..jobs.len() {
        if state[first] != 0 {
            continue;
        }
        // A walk in depth without recursion: a job met again while it is still open closes a circle.
        let mut path: Vec<(usize, usize)> = vec![(first, 0)];
        state[first] = 1;
        while let Some((job, next)) = path.last_mut() {
            let Some(&need) = needs[*job].get(*next) else {
                state[*job] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            if state[need] == 0 {
                state[need] = 1;
                path.push((need, 0));
            } else if state[need] == 1 && out.len() < MOST {
                let from = path.iter().position(|(job, _)| *job == need).unwrap_or_default();
                let mut circle: Vec<usize> = path[from..].iter().map(|(job, _)| *job).collect();
                let least = circle.iter().enumerate().min_by_key(|(_, job)| **job).map_or(0, |(at, _)| at);
                circle.rotate_left(least);
                out.push(circle);
            }
        }
    }
    out
}
