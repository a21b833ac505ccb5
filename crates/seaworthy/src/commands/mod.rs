//! One file per command: it reads its arguments, calls a stage, hands the result on, and gives the exit code.

pub(crate) mod attest;
pub(crate) mod baseline;
pub(crate) mod browse;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod lsp;
pub(crate) mod man;
pub(crate) mod mend;
pub(crate) mod pin;
pub(crate) mod prune;
pub(crate) mod publish;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod sbom;
pub(crate) mod select;
pub(crate) mod ship;
pub(crate) mod sign;
pub(crate) mod tags;
pub(crate) mod test;
pub(crate) mod verify;
pub(crate) mod watch;
