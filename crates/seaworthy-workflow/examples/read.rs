//! Reads workflows and prints what does not read; the time of all of them goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to the terminal")]

use std::time::Instant;

fn main() {
    let start = Instant::now();
    let mut expressions = 0;
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let (workflow, problems) = seaworthy_workflow::read(&text);
        for problem in problems {
            let line = text[..problem.span.start.min(text.len())].matches('\n').count() + 1;
            println!("{path}:{line}: {}", problem.message);
        }
        let runs = workflow.jobs.iter().flat_map(|job| &job.steps).filter_map(|step| step.run.as_ref());
        for part in runs.flat_map(|run| &run.interpolations) {
            expressions += 1;
            let shown = part.span.of(&text);
            if let Err(error) = &part.expr {
                println!("{path}: {shown}: {}", error.message);
            } else if !shown.starts_with("${{") || !shown.ends_with("}}") {
                println!("{path}: misplaced: {shown}");
            }
        }
    }
    eprintln!("{expressions} expressions in scripts, {} ms", start.elapsed().as_millis());
}
