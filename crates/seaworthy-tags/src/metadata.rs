//! What comes out, in every form the action has.

use serde_json::{Map, Value as Json, json};

/// The version and what else is tagged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The first tag that was made; none when no rule made one.
    pub main: Option<String>,
    /// The others, in order.
    pub partial: Vec<String>,
    /// Whether `latest` is published too.
    pub latest: bool,
}

/// A tag and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The tag.
    pub name: String,
    /// The line of the rule that made it; that which decided about `latest`.
    pub rule: String,
}

/// A tag that no registry accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTag {
    /// The tag.
    pub name: String,
    /// The line of the rule that made it.
    pub rule: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The result of an evaluation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Names of the repositories, in lower case.
    pub images: Vec<String>,
    /// The version.
    pub version: Version,
    /// Every tag in order, `latest` last. A rule may have made `latest` too: it is there twice then, as in the action.
    pub values: Vec<Value>,
    /// Labels, sorted.
    pub labels: Vec<(String, String)>,
    /// Annotations, sorted.
    pub annotations: Vec<(String, String)>,
    /// What the action warns about, in its words.
    pub warnings: Vec<String>,
    /// What the action passes over in silence: names that stand for nothing, values changed by escaping, priorities that
    /// are no number.
    pub notes: Vec<String>,
}

impl Metadata {
    /// The tags without a repository.
    pub fn tag_names(&self) -> Vec<String> {
        self.values.iter().map(|value| value.name.clone()).collect()
    }

    /// The tags of every repository; bare without one.
    pub fn tags(&self) -> Vec<String> {
        if self.images.is_empty() {
            return self.tag_names();
        }
        let of = |image: &String| {
            // A repository without a name is none.
            let place = if image.is_empty() { String::new() } else { format!("{image}:") };
            self.values.iter().map(|value| format!("{place}{}", value.name)).collect::<Vec<_>>()
        };
        self.images.iter().flat_map(of).collect()
    }

    /// The tags that no registry accepts, each with the rule that made it.
    pub fn invalid(&self) -> Vec<InvalidTag> {
        let problem = |value: &Value| {
            problem(&value.name).map(|problem| InvalidTag {
                name: value.name.clone(),
                rule: value.rule.clone(),
                problem,
            })
        };
        self.values.iter().filter_map(problem).collect()
    }

    /// Annotations for every level, `LEVEL:KEY=VALUE`.
    pub fn annotations_of(&self, levels: &[&str]) -> Vec<String> {
        let lines = levels.iter().flat_map(|level| {
            self.annotations.iter().map(move |(name, value)| format!("{level}:{name}={value}"))
        });
        lines.collect()
    }

    /// The action's output `json`.
    pub fn json(&self, levels: &[&str]) -> Json {
        json!({
            "tags": self.tags(),
            "tag-names": self.tag_names(),
            "labels": self.labels_json(),
            "annotations": self.annotations_of(levels),
        })
    }

    /// The action's bake file with tags.
    pub fn bake_tags(&self, target: &str) -> Json {
        bake(target, &json!({"tags": self.tags(), "args": self.bake_arguments()}))
    }

    /// The action's bake file with labels.
    pub fn bake_labels(&self, target: &str) -> Json {
        bake(target, &json!({"labels": self.labels_json()}))
    }

    /// The action's bake file with annotations.
    pub fn bake_annotations(&self, target: &str, levels: &[&str]) -> Json {
        bake(target, &json!({"annotations": self.annotations_of(levels)}))
    }

    /// The action's bake file with tags and labels.
    pub fn bake_tags_labels(&self, target: &str) -> Json {
        bake(
            target,
            &json!({"tags": self.tags(), "labels": self.labels_json(), "args": self.bake_arguments()}),
        )
    }

    fn bake_arguments(&self) -> Json {
        let mut arguments = Map::new();
        arguments.insert("DOCKER_META_IMAGES".to_owned(), json!(self.images.join(",")));
        if let Some(version) = &self.version.main {
            arguments.insert("DOCKER_META_VERSION".to_owned(), json!(version));
        }
        Json::Object(arguments)
    }

    /// Labels by name; of a value with several lines only the first is there, as in the action.
    fn labels_json(&self) -> Json {
        let first =
            |value: &str| json!(value.split(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default());
        Json::Object(self.labels.iter().map(|(name, value)| (name.clone(), first(value))).collect())
    }
}

fn bake(target: &str, content: &Json) -> Json {
    json!({"target": {target: content}})
}

/// What is wrong with a tag; none when registries accept it (distribution specification, "Pull").
pub fn problem(tag: &str) -> Option<&'static str> {
    if tag.is_empty() {
        Some("it is empty")
    } else if tag.len() > 128 {
        Some("it is longer than 128 characters")
    } else if tag.starts_with(['-', '.']) {
        Some("it begins with `-` or `.`")
    } else if tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        None
    } else {
        Some("it has characters other than letters, digits, `_`, `.` and `-`")
    }
}

/// Replaces every run of characters that no tag has by `-`.
pub(crate) fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = false;
    for c in text.chars() {
        let fine = c.is_ascii_alphanumeric() || "._-".contains(c);
        if fine {
            out.push(c);
        } else if !run {
            out.push('-');
        }
        run = !fine;
    }
    out
}
