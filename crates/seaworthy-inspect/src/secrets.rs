//! Secrets (being filled).
use crate::merge::Merged;
use crate::pass::LayerScan;
use crate::visit::{File, Piece, Visitor};
use seaworthy_facts::SecretFact;
use seaworthy_store::Image;

#[derive(Debug)]
pub(crate) struct Candidate;

pub(crate) struct SecretVisitor;

impl SecretVisitor {
    pub(crate) fn new(_: bool) -> Self {
        Self
    }
    pub(crate) fn finish(self) -> Vec<Candidate> {
        Vec::new()
    }
}

impl Visitor for SecretVisitor {
    fn wants(&mut self, _: &File<'_>) -> bool {
        false
    }
    fn piece(&mut self, _: &File<'_>, _: &Piece<'_>) {}
}

pub(crate) fn read(_: &Image, _: &[LayerScan], _: &Merged) -> Vec<SecretFact> {
    Vec::new()
}
