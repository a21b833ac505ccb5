//! Reports layers that use their bytes worse than the limits allow, by dive's figures.

use crate::{Cx, Sink};
use seaworthy_finding::{format_bytes, parse_bytes};

declare_rule! {
    name: "inefficient-layers",
    summary: "the layers use their bytes worse than the limits allow",
    passes: "the layers are within the limits of efficiency and waste",
    family: Image, category: Size, severity: High, confidence: High, persona: Regular,
    aliases: ["lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent"], refs: [],
}

/// A share as `95%` or `0.95`.
fn share(text: &str) -> Option<f64> {
    let text = text.trim();
    let value: f64 = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (value.is_finite() && value >= 0.0).then_some(value)
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let efficiency = cx.param_text("efficiency").as_deref().and_then(share);
    let wasted = cx.param_text("wasted").as_deref().and_then(parse_bytes);
    let user = cx.param_text("user-wasted").as_deref().and_then(share);
    if efficiency.is_none() && wasted.is_none() && user.is_none() {
        out.not_applicable("neither `seaworthy.toml` nor `.dive-ci` sets a limit");
        return;
    }
    let dive = &image.dive;
    let list: Vec<String> = dive
        .paths
        .iter()
        .take(10)
        .map(|path| format!("{} {} ({} copies)", format_bytes(path.bytes), path.path, path.count))
        .collect();
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let mut wrong: Vec<(&str, String)> = Vec::new();
    if let Some(limit) = efficiency.filter(|limit| image.efficiency < *limit) {
        let (actual, limit) = (percent(image.efficiency), percent(limit));
        wrong.push((
            "lowestEfficiency",
            format!("the layers are {actual} efficient, at least {limit} is wanted"),
        ));
    }
    if let Some(limit) = wasted.filter(|limit| dive.wasted > *limit) {
        let (actual, limit) = (format_bytes(dive.wasted), format_bytes(limit));
        wrong.push((
            "highestWastedBytes",
            format!("{actual} are wasted in the layers, at most {limit} may be"),
        ));
    }
    if let (Some(limit), Some(actual)) = (user, dive.user_wasted)
        && actual > limit
    {
        let (actual, limit) = (percent(actual), percent(limit));
        wrong.push((
            "highestUserWastedPercent",
            format!("{actual} of the bytes above the lowest layer are wasted, at most {limit} may be"),
        ));
    }
    let layer = image.layers.last().map_or_else(String::new, |layer| layer.digest.clone());
    let path = dive.paths.first().map_or_else(String::new, |path| path.path.clone());
    for (alias, message) in wrong {
        out.finding(message)
            .aliases(&[alias])
            .why("every copy of a file in a layer is stored and pulled, also the ones nobody can see")
            .help("write and delete a file in one `RUN`, and set owner and mode with `COPY --chown --chmod`")
            .at_layer(layer.clone(), path.clone())
            .observation(list.join("\n"))
            .command("seaworthy inspect IMAGE --waste");
    }
    out.observed(format!(
        "{} efficient, {} wasted, {} of what is above the lowest layer",
        percent(image.efficiency),
        format_bytes(dive.wasted),
        percent(dive.user_wasted.unwrap_or_default())
    ));
}
