//! Every rule: one file here, one page in `docs/rules/`; pure functions from facts to findings.
//!
//! A rule reads a [`Cx`] and writes into a [`Sink`]. It does no I/O, prints nothing and cannot fail; one that panics
//! becomes a check of status error. [`evaluate`] runs the rules of the wanted families, applies the policy's levels,
//! comments that silence findings, and waivers. Nothing is ever dropped: what does not count says why.

mod bases;
mod cx;
mod evaluate;
mod fixes;
mod fragments;
#[macro_use]
mod rule;
mod registry;
mod sink;
mod structure;
mod suppress;
mod text;
mod usage;

mod claim;
mod compose;
mod dockerfile;
mod document;
mod ignore;
mod image;
mod policy;
mod release;
mod run;
mod scan;
mod script;
mod workflow;

pub use cx::Cx;
pub use evaluate::{Options, Outcome, evaluate};
pub use fixes::{FileFixes, Judgement, Mended, Outcome as FixOutcome, Refused, fixes, mend};
pub use registry::{find, page, rules, unknown_rules};
pub use rule::Rule;
pub use sink::{FindingBuilder, Sink};
pub use suppress::Dialect;
pub use usage::{SuppressionUse, Usage, WaiverUse};
