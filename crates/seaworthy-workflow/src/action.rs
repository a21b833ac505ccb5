//! `action.yml`.

use crate::job::steps;
use crate::model::Action;
use crate::node::Node;
use crate::reader::Reader;
use crate::trigger::{input, outputs};
use std::sync::Arc;

const TOP: [&str; 7] = ["name", "author", "description", "inputs", "outputs", "runs", "branding"];
const RUNS: [&str; 15] = [
    "using",
    "steps",
    "main",
    "pre",
    "pre-if",
    "post",
    "post-if",
    "image",
    "args",
    "env",
    "entrypoint",
    "pre-entrypoint",
    "post-entrypoint",
    "plugin",
    "dependencies",
];

pub(crate) fn read(reader: &mut Reader<'_>, root: &Arc<Node>) -> Action {
    let mut action = Action { root: Some(Arc::clone(root)), ..Action::default() };
    for entry in reader.mapping(root, "the action", Some(&TOP)) {
        match entry.key.as_str() {
            "name" => action.name = reader.text(&entry),
            "inputs" => {
                let known = ["description", "required", "default", "deprecationMessage", "type"];
                let entries = reader.named(&entry);
                action.inputs =
                    entries.iter().map(|entry| input(reader, entry, "an input", &known)).collect();
            }
            "outputs" => action.outputs = outputs(reader, &entry, &["description", "value"]),
            "runs" => {
                for entry in reader.mapping(&entry.value, "`runs`", Some(&RUNS)) {
                    match entry.key.as_str() {
                        "using" => action.using = reader.text(&entry),
                        "image" => action.image = reader.text(&entry),
                        "steps" => action.steps = steps(reader, &entry),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    action
}
