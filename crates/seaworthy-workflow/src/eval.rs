//! Expressions under a partly known state: what a condition says about an event.

use crate::expr::{Compare, Expr, ExprKind, Reference};
use std::cmp::Ordering::{Equal, Greater, Less};

/// A value as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, or a property that does not exist.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// An object or an array.
    Object,
    /// Anything.
    Unknown,
}

impl Value {
    /// Whether the value counts as true, where that is known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Number(value) => Some(*value != 0.0 && !value.is_nan()),
            Self::Text(value) => Some(!value.is_empty()),
            Self::Object => Some(true),
            Self::Unknown => None,
        }
    }

    /// The value as it stands in a text; nothing where it is not known.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
            Self::Object => Some("Object".to_owned()),
            Self::Unknown => None,
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::Text(value) if value.trim().is_empty() => 0.0,
            Self::Text(value) => value.trim().parse().unwrap_or(f64::NAN),
            Self::Object | Self::Unknown => f64::NAN,
        }
    }
}

/// The value of an expression, given those of references.
pub fn evaluate(expr: &Expr, known: &dyn Fn(&Reference) -> Value) -> Value {
    match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Number(value) => Value::Number(*value),
        ExprKind::Text(value) => Value::Text(value.clone()),
        ExprKind::Context(_) | ExprKind::Property(..) | ExprKind::Index(..) | ExprKind::Star(_) => {
            expr.reference().map_or(Value::Unknown, |reference| known(&reference))
        }
        ExprKind::Not(inner) => {
            evaluate(inner, known).truth().map_or(Value::Unknown, |value| Value::Bool(!value))
        }
        ExprKind::And(items) => {
            let mut last = Value::Bool(true);
            let mut open = false;
            for item in items {
                let value = evaluate(item, known);
                match value.truth() {
                    // One part that is false makes the whole false, whatever the unknown ones are.
                    Some(false) => return if open { Value::Bool(false) } else { value },
                    Some(true) => last = value,
                    None => open = true,
                }
            }
            if open { Value::Unknown } else { last }
        }
        ExprKind::Or(items) => {
            let mut last = Value::Bool(false);
            let mut open = false;
            for item in items {
                let value = evaluate(item, known);
                match value.truth() {
                    // Whatever stands before it, the whole counts as true.
                    Some(true) => return if open { Value::Object } else { value },
                    Some(false) => last = value,
                    None => open = true,
                }
            }
            if open { Value::Unknown } else { last }
        }
        ExprKind::Compare(compare, left, right) => {
            compared(*compare, &evaluate(left, known), &evaluate(right, known))
        }
        ExprKind::Call(name, _, items) => {
            let values: Vec<Value> = items.iter().map(|item| evaluate(item, known)).collect();
            call(&name.to_ascii_lowercase(), &values)
        }
    }
}

fn compared(compare: Compare, left: &Value, right: &Value) -> Value {
    if matches!(left, Value::Unknown | Value::Object) || matches!(right, Value::Unknown | Value::Object) {
        return Value::Unknown;
    }
    let order = match (left, right) {
        (Value::Text(left), Value::Text(right)) => {
            Some(left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase()))
        }
        _ => left.number().partial_cmp(&right.number()),
    };
    Value::Bool(match compare {
        Compare::Equal => order == Some(Equal),
        Compare::NotEqual => order != Some(Equal),
        Compare::Less => order == Some(Less),
        Compare::LessEqual => matches!(order, Some(Less | Equal)),
        Compare::Greater => order == Some(Greater),
        Compare::GreaterEqual => matches!(order, Some(Greater | Equal)),
    })
}

fn call(name: &str, values: &[Value]) -> Value {
    let text = |at: usize| values.get(at).and_then(Value::shown).map(|text| text.to_ascii_lowercase());
    let pair = |check: fn(&str, &str) -> bool| match (text(0), text(1)) {
        (Some(left), Some(right)) if values.first() != Some(&Value::Object) => {
            Value::Bool(check(&left, &right))
        }
        _ => Value::Unknown,
    };
    match name {
        "startswith" => pair(|left, right| left.starts_with(right)),
        "endswith" => pair(|left, right| left.ends_with(right)),
        "contains" => pair(|left, right| left.contains(right)),
        // A step is looked at because nothing before it failed.
        "always" | "success" => Value::Bool(true),
        "failure" | "cancelled" => Value::Bool(false),
        "format" => {
            let Some(Value::Text(pattern)) = values.first() else { return Value::Unknown };
            let mut out = pattern.clone();
            for (at, value) in values.iter().skip(1).enumerate() {
                let Some(shown) = value.shown() else { return Value::Unknown };
                out = out.replace(&format!("{{{at}}}"), &shown);
            }
            Value::Text(out)
        }
        _ => Value::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;

    #[test]
    fn what_is_not_known_stays_open_unless_the_rest_decides() {
        let known = |reference: &Reference| match reference.path().as_str() {
            "github.event_name" => Value::Text("pull_request".to_owned()),
            "github.ref_type" => Value::Text("branch".to_owned()),
            _ => Value::Unknown,
        };
        for (text, expected) in [
            ("github.event_name != 'pull_request'", Some(false)),
            ("github.event_name == 'PULL_REQUEST'", Some(true)),
            ("github.event_name != 'pull_request' && inputs.push", Some(false)),
            ("inputs.push || github.ref_type == 'branch'", Some(true)),
            ("inputs.push", None),
            ("startsWith(github.event_name, 'pull')", Some(true)),
            ("!inputs.push", None),
            ("github.event_name == 'push' && 'a' || ''", Some(false)),
        ] {
            assert_eq!(evaluate(&parse(text).unwrap(), &known).truth(), expected, "{text}");
        }
    }
}
