//! Which image this one was built on, and how many of the layers are its.

use seaworthy_facts::{BaseBy, BaseFact};
use seaworthy_oci::ImageConfig;
use std::collections::BTreeMap;

/// The base by annotations, labels and history.
pub(crate) fn of(
    config: &ImageConfig,
    annotations: &BTreeMap<String, String>,
    layers: usize,
) -> Option<BaseFact> {
    let stated = |key: &str| {
        let key = format!("org.opencontainers.image.base.{key}");
        let found = annotations.get(&key).or_else(|| config.config.labels.get(&key));
        found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let (name, digest) = (stated("name"), stated("digest"));
    let count = by_history(config, layers);
    if name.is_none() && digest.is_none() {
        return count.map(|count| BaseFact { name, digest, layers: Some(count), by: BaseBy::History });
    }
    Some(BaseFact { name, digest, layers: count, by: BaseBy::Label })
}

/// The number of the base's layers by the history: an image ends with the instruction that says what it runs, so the
/// last `CMD` or `ENTRYPOINT` below a layer is the base's end.
fn by_history(config: &ImageConfig, layers: usize) -> Option<usize> {
    let made: usize = config.history.iter().filter(|entry| !entry.empty_layer).count();
    if made != layers {
        return None;
    }
    let mut own = 0;
    let mut seen = false;
    for entry in config.history.iter().rev() {
        if !entry.empty_layer {
            own += 1;
            seen = true;
            continue;
        }
        let text = entry.created_by.as_deref().unwrap_or_default();
        let text = text.strip_prefix("/bin/sh -c #(nop)").unwrap_or(text).trim_start();
        if seen && (text.starts_with("CMD ") || text.starts_with("CMD[") || text.starts_with("ENTRYPOINT ")) {
            let base = layers - own;
            return (base > 0).then_some(base);
        }
    }
    // BuildKit gives all it makes a mark that a root file system from elsewhere does not have.
    let foreign = config.history.iter().position(|entry| {
        entry.created_by.as_deref().is_some_and(|text| text.ends_with("# buildkit"))
            || entry.comment.as_deref().is_some_and(|text| text.starts_with("buildkit."))
    })?;
    let base = config.history[..foreign].iter().filter(|entry| !entry.empty_layer).count();
    (base > 0 && base < layers).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_oci::History;

    fn config(history: &[(&str, bool)]) -> ImageConfig {
        let entry = |(text, empty): &(&str, bool)| History {
            created_by: Some((*text).to_owned()),
            empty_layer: *empty,
            ..History::default()
        };
        ImageConfig { history: history.iter().map(entry).collect(), ..ImageConfig::default() }
    }

    #[test]
    fn the_base_ends_at_its_command() {
        let config = config(&[
            ("/bin/sh -c #(nop) ADD file:1 in / ", false),
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", true),
            ("RUN /bin/sh -c apt-get update # buildkit", false),
            ("CMD [\"python3\"]", true),
            ("COPY . /app # buildkit", false),
            ("ENTRYPOINT [\"/app/x\"]", true),
            ("CMD [\"serve\"]", true),
        ]);
        assert_eq!(by_history(&config, 3), Some(2));
        assert_eq!(by_history(&config, 4), None, "a history that does not fit tells nothing");
    }

    #[test]
    fn an_image_from_nothing_has_no_base() {
        assert_eq!(by_history(&config(&[("COPY x /x # buildkit", false), ("CMD [\"/x\"]", true)]), 1), None);
        assert_eq!(by_history(&config(&[]), 0), None);
        let imported = config(&[("imported", false), ("RUN /bin/sh -c true # buildkit", false)]);
        assert_eq!(by_history(&imported, 2), Some(1));
    }
}
