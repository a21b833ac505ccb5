//! Draws the browser: layers and details at the left, the tree or the waste at the right, keys below.

use super::app::{App, Panel};
use super::model::Change;
use crate::commands::inspect::instruction;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use seaworthy_facts::FileKind;
use seaworthy_finding::format_bytes;
use seaworthy_inspect::Does;
use seaworthy_report::escape;

const HEAD: Style = Style::new().add_modifier(Modifier::BOLD).fg(Color::Cyan);
const DIM: Style = Style::new().fg(Color::DarkGray);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const KEY: Style = Style::new().add_modifier(Modifier::REVERSED);

const KEYS: [(&str, &str); 15] = [
    ("Tab", "the other panel"),
    ("↑ ↓  j k", "move; PgUp, PgDn, Home, End too"),
    ("→ ←  l h", "open, shut"),
    ("Enter Space", "open or shut; in the list of waste: show the file in its layer"),
    ("e  c", "open everything, shut everything (^Space)"),
    ("[  ]", "the layer below, the layer above"),
    ("a", "changes since the lowest layer, or those of this layer (^A, ^L)"),
    ("1 2 3 4", "show or hide added, modified, removed, unmodified files"),
    ("s", "sort by size or by name (^O)"),
    ("/  ^F", "search: text, a glob as `*.so`, or a regular expression"),
    ("w", "what is stored for nothing, largest first"),
    ("b", "mode and owner (^B)"),
    ("Esc", "end the search, the list of waste, this help"),
    ("?", "this help"),
    ("q  ^C", "leave"),
];

/// Draws everything.
pub(crate) fn draw(app: &mut App<'_>, area: Rect, buffer: &mut Buffer) {
    if area.width < 20 || area.height < 6 {
        buffer.set_stringn(0, 0, "too small", area.width.into(), BOLD);
        return;
    }
    let body = Rect { height: area.height - 1, ..area };
    // Where there is no room for both, the panel in use has it all.
    let left = if area.width >= 76 { (area.width * 2 / 5).clamp(34, 64) } else { area.width };
    let both = area.width >= 76;
    if both || app.panel == Panel::Layers {
        left_side(app, Rect { width: left, ..body }, buffer);
    }
    if both || app.panel == Panel::Files {
        let x = if both { left + 1 } else { 0 };
        let right = Rect { x, width: area.width - x, ..body };
        if both {
            for y in 0..body.height {
                buffer.set_string(left, y, "│", DIM);
            }
        }
        if app.waste { waste(app, right, buffer) } else { tree(app, right, buffer) }
    }
    footer(app, Rect { y: area.height - 1, height: 1, ..area }, buffer);
    if app.help {
        help(area, buffer);
    }
}

fn text(buffer: &mut Buffer, area: Rect, row: u16, indent: u16, words: &str, style: Style) {
    if row < area.height && indent < area.width {
        buffer.set_stringn(area.x + indent, area.y + row, words, usize::from(area.width - indent), style);
    }
}

/// A row in the colours of the cursor.
fn mark(buffer: &mut Buffer, area: Rect, row: u16, active: bool) {
    let style = if active {
        Style::new().add_modifier(Modifier::REVERSED)
    } else {
        Style::new().add_modifier(Modifier::BOLD)
    };
    buffer.set_style(Rect { y: area.y + row, height: 1, ..area }, style);
}

fn title(buffer: &mut Buffer, area: Rect, row: u16, words: &str, active: bool) {
    let bar = "─".repeat(usize::from(area.width));
    text(buffer, area, row, 0, &bar, DIM);
    let style = if active { HEAD.add_modifier(Modifier::REVERSED) } else { HEAD };
    text(buffer, area, row, 1, &format!(" {words} "), style);
}

/// The first row to show so that the cursor is on the screen.
fn scroll(first: &mut usize, cursor: usize, height: usize, count: usize) {
    if cursor < *first {
        *first = cursor;
    } else if cursor >= *first + height {
        *first = cursor + 1 - height;
    }
    *first = (*first).min(count.saturating_sub(height));
}

fn left_side(app: &mut App<'_>, area: Rect, buffer: &mut Buffer) {
    let model = &app.model;
    let facts = model.facts;
    let details = 13u16.min(area.height / 2);
    let height = area.height - details;
    title(buffer, area, 0, &format!("{} layers", facts.layers.len()), app.panel == Panel::Layers);
    let room = usize::from(height.saturating_sub(1));
    scroll(&mut app.first_layer, model.layer, room, facts.layers.len());
    let base = facts.base.as_ref().and_then(|base| base.layers).unwrap_or_default();
    let rows = facts.layers.iter().enumerate().skip(app.first_layer).take(room);
    for (row, (at, layer)) in (1..).zip(rows) {
        let whose = if at < base { "·" } else { " " };
        let line = format!(
            "{whose}{:>3} {:>9} {}",
            at + 1,
            format_bytes(layer.content),
            escape(&instruction(&layer.created_by))
        );
        text(buffer, area, row, 0, &line, if at < base { DIM } else { Style::new() });
        if at == model.layer {
            mark(buffer, area, row, app.panel == Panel::Layers);
        } else if app.model.aggregated && at < model.layer && at > 0 {
            text(buffer, area, row, 0, "┃", Style::new().fg(Color::Magenta));
        }
    }
    let area = Rect { y: area.y + height, height: details, ..area };
    let Some(layer) = facts.layers.get(model.layer) else { return };
    title(buffer, area, 0, &format!("layer {}", model.layer + 1), false);
    let mut row = 1;
    let mut say = |name: &str, words: &str| {
        text(buffer, area, row, 1, name, DIM);
        text(buffer, area, row, 11, words, Style::new());
        row += 1;
    };
    say("made by", &escape(&instruction(&layer.created_by)));
    say("digest", layer.digest.trim_start_matches("sha256:"));
    say(
        "size",
        &format!("{} to pull, {} unpacked", format_bytes(layer.compressed), format_bytes(layer.unpacked)),
    );
    say("hidden", &format!("{} by later layers", format_bytes(layer.wasted)));
    title(buffer, area, row, "image", false);
    row += 1;
    let mut say = |name: &str, words: &str| {
        text(buffer, area, row, 1, name, DIM);
        text(buffer, area, row, 11, words, Style::new());
        row += 1;
    };
    say(
        "size",
        &format!("{} to pull, {} unpacked", format_bytes(facts.compressed), format_bytes(facts.unpacked)),
    );
    say("waste", &format!("{} that flattening would save", format_bytes(facts.hidden())));
    say(
        "dive says",
        &format!("{:.2} % efficient, {} wasted", facts.efficiency * 100.0, format_bytes(facts.dive.wasted)),
    );
    if base > 0 {
        let own: u64 = facts.layers.iter().skip(base).map(|layer| layer.compressed).sum();
        say("yours", &format!("{} to pull; · marks the base's layers", format_bytes(own)));
    }
    if let Some(chosen) = model.chosen().filter(|_| !app.waste) {
        text(buffer, area, details - 2, 1, &escape(&model.path(chosen)), BOLD);
        text(buffer, area, details - 1, 1, &about(app, chosen), Style::new());
    }
}

/// A file in one line.
fn about(app: &App<'_>, at: u32) -> String {
    let model = &app.model;
    let state = model.states[at as usize];
    let Some(entry) = model.entry(at) else {
        return format!("directory, {} in {} files", format_bytes(state.bytes), state.files);
    };
    let what = match entry.does {
        Does::Store(FileKind::Directory) => {
            format!("directory, {} in {} files", format_bytes(state.bytes), state.files)
        }
        Does::Store(FileKind::File) => format!("{} bytes", entry.size),
        Does::Store(FileKind::Symlink) => format!("link to {}", escape(&String::from_utf8_lossy(entry.link))),
        Does::Link => format!("hard link to /{}", escape(&String::from_utf8_lossy(entry.link))),
        Does::Store(_) => "device or pipe".to_owned(),
        Does::Delete | Does::Clear => "deleted".to_owned(),
    };
    let hidden = entry.hidden_by.map_or(String::new(), |layer| format!(", hidden by layer {}", layer + 1));
    format!("{what}, {:04o} {}:{}, layer {}{hidden}", entry.mode, entry.uid, entry.gid, entry.layer + 1)
}

const fn color(change: Change) -> Style {
    match change {
        Change::Added => Style::new().fg(Color::Green),
        Change::Modified => Style::new().fg(Color::Yellow),
        Change::Removed => Style::new().fg(Color::Red),
        Change::Same | Change::Absent => Style::new(),
    }
}

/// The change by a letter, for those who see no colours.
const fn letter(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Modified => "~",
        Change::Removed => "-",
        Change::Same | Change::Absent => " ",
    }
}

fn tree(app: &mut App<'_>, area: Rect, buffer: &mut Buffer) {
    let model = &app.model;
    let which = if model.aggregated {
        format!("layers 1–{}, changes since layer 1", model.layer + 1)
    } else {
        format!("after layer {}, its changes", model.layer + 1)
    };
    let order = if model.by_size { "by size" } else { "by name" };
    title(buffer, area, 0, &format!("{which} · {order}"), app.panel == Panel::Files);
    let room = usize::from(area.height.saturating_sub(1));
    scroll(&mut app.first_row, model.row, room, model.rows.len());
    app.page = room;
    if model.rows.is_empty() {
        text(buffer, area, 2, 2, "nothing here", DIM);
        return;
    }
    let mut name = String::new();
    for (row, at) in (1..).zip(model.rows.iter().skip(app.first_row).take(room)) {
        let node = &model.union.nodes[*at as usize];
        let state = model.states[*at as usize];
        let style = color(state.change);
        let mut x = 0;
        if app.attributes && area.width > 60 {
            let entry = model.entry(*at);
            let words = entry.map_or(String::new(), |entry| {
                format!("{} {:>11}", mode(entry.does, entry.mode), format!("{}:{}", entry.uid, entry.gid))
            });
            text(buffer, area, row, x, &words, DIM);
            x += 24;
        }
        text(buffer, area, row, x, &format!("{:>9}", format_bytes(state.bytes)), Style::new());
        text(buffer, area, row, x + 10, letter(state.change), style);
        let indent = u16::try_from(node.depth.saturating_sub(1).saturating_mul(2)).unwrap_or(u16::MAX);
        name.clear();
        name.push_str(match (model.is_folder(*at), model.is_open(*at)) {
            (true, true) => "▾ ",
            (true, false) => "▸ ",
            (false, _) => "  ",
        });
        name.push_str(&escape(&String::from_utf8_lossy(model.layers.name(node))));
        if let Some(entry) = model.entry(*at) {
            match entry.does {
                Does::Store(FileKind::Symlink) | Does::Link => {
                    name.push_str(" → ");
                    name.push_str(&escape(&String::from_utf8_lossy(entry.link)));
                }
                _ => {}
            }
        }
        text(buffer, area, row, (x + 11).saturating_add(indent.min(area.width / 2)), &name, style);
        if app.first_row + usize::from(row) - 1 == model.row {
            mark(buffer, area, row, app.panel == Panel::Files);
        }
    }
}

/// Kind and mode as `ls` shows them.
fn mode(does: Does, mode: u32) -> String {
    let kind = match does {
        Does::Store(kind) => kind,
        _ => FileKind::File,
    };
    crate::commands::inspect::files::mode_words(kind, mode)
}

fn waste(app: &mut App<'_>, area: Rect, buffer: &mut Buffer) {
    let facts = app.model.facts;
    let total: u64 = facts.waste.iter().map(|waste| waste.bytes).sum();
    let words = format!("stored for nothing: {} in {} files", format_bytes(total), facts.waste.len());
    title(buffer, area, 0, &words, app.panel == Panel::Files);
    let room = usize::from(area.height.saturating_sub(1));
    scroll(&mut app.first_waste, app.waste_row, room, facts.waste.len());
    app.page = room;
    if facts.waste.is_empty() {
        text(buffer, area, 2, 2, "nothing: no layer hides what another stores", DIM);
    }
    for (row, waste) in (1..).zip(facts.waste.iter().skip(app.first_waste).take(room)) {
        let layers = match waste.hidden_by {
            Some(by) => format!("{}→{}", waste.layer + 1, by + 1),
            None => (waste.layer + 1).to_string(),
        };
        text(buffer, area, row, 0, &format!("{:>9} {layers:>6}", format_bytes(waste.bytes)), Style::new());
        let line = format!("{}  ({})", escape(&waste.path), waste.cause.words());
        text(buffer, area, row, 17, &line, Style::new().fg(Color::Red));
        if app.first_waste + usize::from(row) - 1 == app.waste_row {
            mark(buffer, area, row, app.panel == Panel::Files);
        }
    }
}

fn footer(app: &App<'_>, area: Rect, buffer: &mut Buffer) {
    if let Some(typed) = &app.typed {
        let error = app.error.as_deref().map_or(String::new(), |error| format!("   ({error})"));
        text(buffer, area, 0, 0, &format!("search: {typed}▏{error}"), BOLD);
        return;
    }
    let model = &app.model;
    let switch = |at: usize, word: &str| if model.shown[at] { word.to_owned() } else { format!("no {word}") };
    let mut x = 0;
    let found = app.search.as_deref().map_or(String::new(), |search| format!("“{}”", escape(search)));
    let keys = [
        ("Tab", if app.panel == Panel::Layers { "files" } else { "layers" }.to_owned()),
        ("/", if found.is_empty() { "search".to_owned() } else { found }),
        ("s", if model.by_size { "by name" } else { "by size" }.to_owned()),
        ("w", if app.waste { "files" } else { "waste" }.to_owned()),
        ("a", if model.aggregated { "one layer" } else { "all changes" }.to_owned()),
        ("?", "help".to_owned()),
        ("q", "leave".to_owned()),
        ("1", switch(0, "added")),
        ("2", switch(1, "modified")),
        ("3", switch(2, "removed")),
        ("4", switch(3, "unmodified")),
        ("e", "open all".to_owned()),
    ];
    for (key, words) in keys {
        let wide = u16::try_from(key.len() + words.chars().count() + 4).unwrap_or(u16::MAX);
        if x + wide > area.width {
            break;
        }
        text(buffer, area, 0, x, &format!(" {key} "), KEY);
        text(buffer, area, 0, x + u16::try_from(key.len()).unwrap_or_default() + 3, &words, Style::new());
        x += wide + 1;
    }
}

fn help(area: Rect, buffer: &mut Buffer) {
    let width = 78.min(area.width);
    let height = u16::try_from(KEYS.len() + 4).unwrap_or(u16::MAX).min(area.height);
    let inside = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    for row in 0..height {
        text(buffer, inside, row, 0, &" ".repeat(usize::from(width)), Style::new());
    }
    title(buffer, inside, 0, "keys", true);
    for (row, (key, words)) in (2..).zip(KEYS) {
        text(buffer, inside, row, 2, key, BOLD);
        text(buffer, inside, row, 15, words, Style::new());
    }
    let bar = "─".repeat(usize::from(width));
    text(buffer, inside, height - 1, 0, &bar, DIM);
}
