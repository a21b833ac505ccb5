//! Reports variables that only the base image can define.

use super::undefined_variable;
use crate::{Cx, Sink};

declare_rule! {
    name: "variable-of-base-image",
    summary: "a variable is used that only the base image can define",
    passes: "every variable is defined in the file",
    family: Dockerfile, category: Truth, severity: Low, confidence: Low, persona: Pedantic,
    aliases: ["UndefinedVar", "WorkdirRelativePath", "UndefinedArgInFrom"], refs: ["Dockerfile reference, environment replacement"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    undefined_variable::scan(cx, false, out);
}
