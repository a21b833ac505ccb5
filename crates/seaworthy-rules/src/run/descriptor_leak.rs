//! Reports file descriptors that stay open after each request.

use crate::{Cx, Sink};

declare_rule! {
    name: "descriptor-leak",
    summary: "each request leaves file descriptors open",
    passes: "requests leave no file descriptors open",
    family: Run, category: Runtime, severity: High, confidence: High, persona: Regular,
    aliases: [], refs: ["getrlimit(2)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(load) = out.seen(&run.load) else { return };
    let (Some([before, middle, after]), Some(half)) =
        (load.descriptors.first_chunk::<3>(), load.sent.checked_div(2).filter(|half| *half >= 5))
    else {
        out.not_run("too few requests were answered to see a leak");
        return;
    };
    let enough = u64::from(half.div_ceil(2));
    if middle.saturating_sub(*before) < enough || after.saturating_sub(*middle) < enough {
        out.observed(format!("{before} open before, {after} after `{}` {} times", load.request, load.sent));
        return;
    }
    out.finding(format!(
        "{before} descriptors were open, {middle} after {half} times `{}` and {after} after {}",
        load.request, load.sent
    ))
    .why("the service stops answering when it reaches its limit of open files, often 1024")
    .help("close what each request opens: files, sockets, pipes and their copies")
    .at_observation("load")
    .command("docker exec CONTAINER sh -c 'ls /proc/1/fd | wc -l'");
}
