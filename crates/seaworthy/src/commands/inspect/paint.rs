//! Colours and widths of what is looked at.

use anstyle::{AnsiColor, Style};

pub(crate) const HEAD: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    /// Text in a style.
    pub(crate) fn with(self, style: Style, text: &str) -> String {
        if self.0 && !text.trim().is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Text cut to so many characters, the cut marked.
pub(crate) fn fit(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Text at the right of a column.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    format!("{text:>width$}")
}
