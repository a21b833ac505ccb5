//! The part of JSON Schema our schemas use; a keyword it does not know fails the test.

use serde_json::Value;

/// What is wrong with `value` by `schema`, each with its place; empty when it is valid.
pub(crate) fn errors(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(rules) = schema.as_object() else { panic!("{at}: a schema is an object") };
    let mut out = Vec::new();
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => {}
            "format" => assert_eq!(rule, "date-time", "{at}"),
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("{at}: {pointer} leads nowhere"));
                out.extend(errors(root, target, value, at));
            }
            "type" => {
                let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !names.iter().any(|name| is_type(name.as_str().unwrap(), value)) {
                    out.push(format!("{at}: {value} is no {rule}"));
                }
            }
            "const" if rule != value => out.push(format!("{at}: {value} is not {rule}")),
            "const" => {}
            "enum" if !rule.as_array().unwrap().contains(value) => {
                out.push(format!("{at}: {value} is none of {rule}"));
            }
            "enum" => {}
            "minimum" if value.as_i64().is_some_and(|number| number < rule.as_i64().unwrap()) => {
                out.push(format!("{at}: {value} is below {rule}"));
            }
            "maximum" if value.as_i64().is_some_and(|number| number > rule.as_i64().unwrap()) => {
                out.push(format!("{at}: {value} is above {rule}"));
            }
            // Patterns are for editors; the policy's own reader judges sizes and durations.
            "minimum" | "maximum" | "pattern" => {}
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                        out.push(format!("{at}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(inner) = value.get(name) {
                        out.extend(errors(root, rule, inner, &format!("{at}/{name}")));
                    }
                }
            }
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(name)) {
                        continue;
                    }
                    if rule == &Value::Bool(false) {
                        out.push(format!("{at}: {name} is not known"));
                    } else {
                        out.extend(errors(root, rule, inner, &format!("{at}/{name}")));
                    }
                }
            }
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    out.extend(errors(root, rule, inner, &format!("{at}/{index}")));
                }
            }
            "oneOf" => {
                let tried: Vec<Vec<String>> =
                    rule.as_array().unwrap().iter().map(|one| errors(root, one, value, at)).collect();
                let fitting = tried.iter().filter(|found| found.is_empty()).count();
                if fitting != 1 {
                    out.push(format!("{at}: fits {fitting} of the alternatives: {tried:?}"));
                }
            }
            other => panic!("{at}: the keyword {other} is not checked by this test"),
        }
    }
    out
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the type {other} is not checked by this test"),
    }
}
