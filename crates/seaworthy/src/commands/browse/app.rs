//! What the keys do.

use super::keys::Key;
use super::model::Model;
use crate::commands::inspect::pattern::Pattern;

/// The half of the screen that the arrows move in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Layers,
    Files,
}

/// The browser: the model and what is on the screen of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct App<'a> {
    pub(crate) model: Model<'a>,
    pub(crate) panel: Panel,
    pub(crate) waste: bool,
    pub(crate) waste_row: usize,
    pub(crate) attributes: bool,
    pub(crate) help: bool,
    /// The search while it is typed.
    pub(crate) typed: Option<String>,
    /// The search that holds.
    pub(crate) search: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) first_layer: usize,
    pub(crate) first_row: usize,
    pub(crate) first_waste: usize,
    /// Rows of a page.
    pub(crate) page: usize,
    pub(crate) left: bool,
}

impl<'a> App<'a> {
    pub(crate) fn new(model: Model<'a>) -> Self {
        Self {
            model,
            panel: Panel::Files,
            waste: false,
            waste_row: 0,
            attributes: true,
            help: false,
            typed: None,
            search: None,
            error: None,
            first_layer: 0,
            first_row: 0,
            first_waste: 0,
            page: 10,
            left: false,
        }
    }

    /// Does what a key says.
    pub(crate) fn press(&mut self, key: Key) {
        if self.typed.is_some() {
            self.type_key(key);
            return;
        }
        if self.help {
            self.help = false;
            if !matches!(key, Key::Char('q') | Key::Ctrl('c')) {
                return;
            }
        }
        let page = isize::try_from(self.page.max(2) - 1).unwrap_or(1);
        match key {
            Key::Char('q') | Key::Ctrl('c') => self.left = true,
            Key::Char('?') => self.help = true,
            Key::Tab => {
                self.panel = if self.panel == Panel::Layers { Panel::Files } else { Panel::Layers };
            }
            Key::Char('/') | Key::Ctrl('f') => {
                self.typed = Some(self.search.clone().unwrap_or_default());
                self.waste = false;
                self.panel = Panel::Files;
            }
            Key::Escape => {
                if self.waste {
                    self.waste = false;
                } else if self.search.take().is_some() {
                    self.model.search(None);
                }
            }
            Key::Char('w') => {
                self.waste = !self.waste;
                self.panel = Panel::Files;
            }
            Key::Char('a' | 'A') => {
                self.model.aggregated = !self.model.aggregated;
                self.model.choose(self.model.layer);
            }
            Key::Ctrl('a') => {
                self.model.aggregated = true;
                self.model.choose(self.model.layer);
            }
            Key::Ctrl('l') => {
                self.model.aggregated = false;
                self.model.choose(self.model.layer);
            }
            Key::Char('s') | Key::Ctrl('o') => {
                self.model.by_size = !self.model.by_size;
                self.model.list();
            }
            Key::Char('b') | Key::Ctrl('b') => self.attributes = !self.attributes,
            Key::Char('e') => self.model.all(true),
            Key::Char('c') | Key::Ctrl(' ') => self.model.all(false),
            Key::Char('[') => self.layer(-1),
            Key::Char(']') => self.layer(1),
            Key::Char(digit @ '1'..='4') => self.switch(digit as usize - '1' as usize),
            Key::Ctrl('r') => self.switch(2),
            Key::Ctrl('u') => self.switch(3),
            Key::Up | Key::Char('k') => self.go(-1),
            Key::Down | Key::Char('j') => self.go(1),
            Key::PageUp => self.go(-page),
            Key::PageDown => self.go(page),
            Key::Home | Key::Char('g') => self.go(isize::MIN / 2),
            Key::End | Key::Char('G') => self.go(isize::MAX / 2),
            Key::Right | Key::Char('l') if self.files() => self.model.enter(),
            Key::Left | Key::Char('h') if self.files() => self.model.leave(),
            Key::Enter | Key::Char(' ') if self.files() => self.model.toggle(),
            Key::Enter | Key::Char(' ') if self.waste => self.show_waste(),
            Key::Enter | Key::Right => self.panel = Panel::Files,
            _ => {}
        }
    }

    fn files(&self) -> bool {
        self.panel == Panel::Files && !self.waste
    }

    fn layer(&mut self, by: isize) {
        self.model.choose(self.model.layer.saturating_add_signed(by));
    }

    fn switch(&mut self, which: usize) {
        self.model.shown[which] = !self.model.shown[which];
        self.model.list();
    }

    fn go(&mut self, by: isize) {
        match (self.panel, self.waste) {
            (Panel::Layers, _) => self.layer(by),
            (Panel::Files, false) => self.model.go(by),
            (Panel::Files, true) => {
                let last = self.model.facts.waste.len().saturating_sub(1);
                self.waste_row = self.waste_row.saturating_add_signed(by).min(last);
            }
        }
    }

    /// Shows a wasted file in the tree, after the layer that stores it.
    fn show_waste(&mut self) {
        let Some(waste) = self.model.facts.waste.get(self.waste_row) else { return };
        self.waste = false;
        self.search = None;
        self.model.find(&waste.path, waste.layer);
    }

    fn type_key(&mut self, key: Key) {
        let Some(typed) = &mut self.typed else { return };
        match key {
            Key::Escape | Key::Ctrl('c') => {
                self.typed = None;
                self.error = None;
                self.search = None;
                self.model.search(None);
                return;
            }
            Key::Enter => {
                let typed = self.typed.take().unwrap_or_default();
                self.search = Some(typed).filter(|typed| !typed.is_empty());
                self.error = None;
                return;
            }
            Key::Backspace => {
                typed.pop();
            }
            Key::Ctrl('u') => typed.clear(),
            Key::Char(c) => typed.push(c),
            _ => return,
        }
        let typed = typed.clone();
        if typed.is_empty() {
            self.error = None;
            self.model.search(None);
            return;
        }
        match Pattern::search(&typed) {
            Ok(pattern) => {
                self.error = None;
                self.model.search(Some(pattern));
            }
            Err(error) => self.error = Some(error),
        }
    }
}
