//! x
use crate::Options;
use seaworthy_finding::Report;
pub(crate) fn render(_r: &Report, _o: &Options<'_>) -> String {
    String::new()
}
