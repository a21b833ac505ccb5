//! Licence tests: the words no licence file of a package may hold.

use crate::model::{LicenseTest, Text};
use crate::view::Container;
use seaworthy_facts::StructureProblem;
use seaworthy_finding::Span;

/// Where Debian keeps the licences of its packages.
pub(crate) const ROOT: &str = "/usr/share/doc";
/// Words that no licence may hold, as container-structure-test has them.
const DENIED: [&str; 2] = ["AGPL", "WTFPL"];
/// A package whose licence is not looked at.
const ALLOWED: &str = "libgnutls30";

pub(crate) fn judge(test: &LicenseTest, span: Span, files: &Container<'_>) -> Vec<StructureProblem> {
    let mut errors = Vec::new();
    if test.debian {
        match files.folders(ROOT) {
            Ok(packages) => {
                for package in packages {
                    if package != ALLOWED {
                        check(
                            &Text { value: format!("{ROOT}/{package}/copyright"), span },
                            files,
                            &mut errors,
                        );
                    }
                }
            }
            Err(why) => errors.push(problem(span, format!("no licences of Debian packages: {why}"))),
        }
    }
    for file in &test.files {
        check(file, files, &mut errors);
    }
    errors
}

fn check(file: &Text, files: &Container<'_>, errors: &mut Vec<StructureProblem>) {
    match files.read(&file.value) {
        Ok(content) => {
            let text = String::from_utf8_lossy(&content).to_uppercase();
            if let Some(word) = DENIED.iter().find(|word| text.contains(**word)) {
                errors.push(problem(file.span, format!("the licence `{}` contains {word}", file.value)));
            }
        }
        Err(why) => errors.push(problem(file.span, format!("no licence in `{}`: {why}", file.value))),
    }
}

fn problem(span: Span, message: String) -> StructureProblem {
    StructureProblem { span, message, help: String::new() }
}
