//! `seaworthy inspect IMAGE --browse`: the layers and their files on the whole screen.

mod app;
mod keys;
mod model;
mod screen;
mod view;

use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::shell::Shell;
use app::App;
use keys::Keys;
use model::Model;
use ratatui_core::terminal::Terminal;
use screen::{Held, Screen};
use seaworthy_facts::ImageFacts;
use seaworthy_finding::ExitCode;
use seaworthy_inspect::Layers;
use std::io::IsTerminal as _;

/// Milliseconds between two looks at the size of the window.
const TICK: i64 = 250;

/// Says early that there is no terminal to browse on.
pub(crate) fn check_terminal() -> Result<(), Failure> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    let message = "`--browse` needs a terminal, and this is none";
    Err(Failure::new(ExitCode::Error, message).hint(
        "`--tree`, `--layers`, `--waste` and `--files` print the same, and `--format json` for programs",
    ))
}

/// Browses until somebody leaves.
pub(crate) fn run(shell: &Shell, facts: &ImageFacts, layers: &Layers) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::of("use the terminal", &error);
    let mut app = App::new(Model::new(facts, layers));
    let held = Held::take().map_err(failed)?;
    let mut terminal = Terminal::new(Screen::new(shell.color_out)).map_err(failed)?;
    let mut keys = Keys::default();
    let mut drawn = None;
    let mut changed = true;
    while !app.left && !keys.ended {
        if interrupted() {
            drop(held);
            return Err(Failure::interrupted());
        }
        let size = screen::size();
        if changed || drawn != Some(size) {
            terminal
                .draw(|frame| {
                    let area = frame.area();
                    view::draw(&mut app, area, frame.buffer_mut());
                })
                .map_err(failed)?;
            drawn = Some(size);
        }
        changed = false;
        // What is typed in one go is drawn once.
        let mut patience = TICK;
        while let Some(key) = keys.next(patience).map_err(failed)? {
            app.press(key);
            changed = true;
            patience = 0;
            if app.left {
                break;
            }
        }
    }
    Ok(())
}
