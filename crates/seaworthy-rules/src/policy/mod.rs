//! Rules over the policy itself and the comments that silence findings.

mod expired_waiver;
mod unexplained_waiver;
mod unused_suppression;
mod unused_waiver;

rules![unused_waiver, expired_waiver, unexplained_waiver, unused_suppression];

use crate::WaiverUse;

/// The waiver's rule and path in words.
pub(crate) fn subject(waiver: &WaiverUse) -> String {
    match &waiver.path {
        Some(path) => format!("waiver {} (`{}` at `{path}`)", waiver.number, waiver.rule),
        None => format!("waiver {} (`{}`)", waiver.number, waiver.rule),
    }
}
