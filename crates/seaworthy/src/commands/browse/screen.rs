//! The terminal while somebody browses: raw mode, the other screen, and their certain end.
//!
//! ratatui works out what changed; this writes it as the escape sequences that every terminal of today knows
//! (ECMA-48 and xterm's private modes 25, 1049).

use crate::interrupt::{OnInterrupt, on_interrupt};
use ratatui_core::backend::{Backend, ClearType, WindowSize};
use ratatui_core::buffer::Cell;
use ratatui_core::layout::{Position, Size};
use ratatui_core::style::{Color, Modifier};
use rustix::termios::{OptionalActions, Termios};
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

/// What the terminal was before; taken by whoever restores it first.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Shows the cursor, leaves the other screen, resets colours.
const LEAVE: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l";
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";

/// Puts the terminal back as it was; more than once does no harm.
fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(before) = before else { return };
    let mut out = io::stdout();
    // A terminal that is gone needs no restoring.
    let _ = out.write_all(LEAVE).and_then(|()| out.flush());
    let _ = rustix::termios::tcsetattr(io::stdin(), OptionalActions::Flush, &before);
}

/// Holds the terminal; dropping it restores the terminal, and so do a signal and a panic.
pub(crate) struct Held {
    _interrupt: OnInterrupt,
}

impl Held {
    /// Takes the terminal.
    pub(crate) fn take() -> io::Result<Self> {
        let before = rustix::termios::tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let held = Self { _interrupt: on_interrupt(restore) };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Before the message, which would be lost with the other screen.
            restore();
            hook(info);
        }));
        rustix::termios::tcsetattr(io::stdin(), OptionalActions::Flush, &raw)?;
        let mut out = io::stdout();
        out.write_all(ENTER)?;
        out.flush()?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        restore();
    }
}

/// Columns and rows of the terminal.
pub(crate) fn size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stdout());
    match size {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
        _ => Size::new(80, 24),
    }
}

/// Writes to the terminal what ratatui wants changed.
pub(crate) struct Screen {
    out: Vec<u8>,
    color: bool,
}

impl Screen {
    /// A screen with or without colours.
    pub(crate) const fn new(color: bool) -> Self {
        Self { out: Vec::new(), color }
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn style(&mut self, cell: &Cell) {
        self.put("\x1b[0");
        for (modifier, code) in [
            (Modifier::BOLD, ";1"),
            (Modifier::DIM, ";2"),
            (Modifier::ITALIC, ";3"),
            (Modifier::UNDERLINED, ";4"),
            (Modifier::REVERSED, ";7"),
        ] {
            if cell.modifier.contains(modifier) {
                self.put(code);
            }
        }
        if self.color {
            for (color, first) in [(cell.fg, 30u16), (cell.bg, 40)] {
                if let Some(code) = code(color, first) {
                    self.put(&format!(";{code}"));
                }
            }
        }
        self.put("m");
    }
}

/// The parameter of SGR for a colour, where `first` is that of black.
fn code(color: Color, first: u16) -> Option<String> {
    let number = match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(index) => return Some(format!("{};5;{index}", first + 8)),
        Color::Rgb(red, green, blue) => return Some(format!("{};2;{red};{green};{blue}", first + 8)),
        Color::Reset => return None,
    };
    Some((first + number).to_string())
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut at: Option<(u16, u16)> = None;
        let mut last: Option<(Color, Color, Modifier)> = None;
        for (x, y, cell) in content {
            // Behind a wide character comes the cell after the next, so this one was not wide.
            if at != Some((x, y)) {
                self.put(&format!("\x1b[{};{}H", y + 1, x + 1));
            }
            let look = (cell.fg, cell.bg, cell.modifier);
            if last != Some(look) {
                self.style(cell);
                last = Some(look);
            }
            self.put(cell.symbol());
            at = Some((x + 1, y));
        }
        self.put("\x1b[0m");
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.put("\x1b[?25l");
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.put("\x1b[?25h");
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Nobody asks on a full screen, and the terminal's answer would be mixed with what is typed.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.put(&format!("\x1b[{};{}H", y + 1, x + 1));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.put("\x1b[0m\x1b[2J");
        Ok(())
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.put(match region {
            ClearType::All => "\x1b[2J",
            ClearType::AfterCursor => "\x1b[J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[K",
        });
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        Ok(size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: size(), pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let result = out.write_all(&self.out).and_then(|()| out.flush());
        self.out.clear();
        result
    }
}
