//! Figures as Markdown tables for people, or one JSON object per line for programs.

use std::io::Write;

use serde_json::json;

use super::figures::{Role, Table};

/// Writes a table in Markdown: median, least in brackets, and the ratios of the first column's medians.
pub(crate) fn markdown(table: &Table, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "\n### {}: {}\n", table.bench, table.case)?;
    if !table.note.is_empty() {
        writeln!(out, "{}\n", table.note)?;
    }
    let mut lines = vec![vec![String::new()]];
    for kind in &table.kinds {
        lines[0].push(kind.name().to_owned());
    }
    let floored = table.rows.iter().any(|row| row.role == Role::Floor);
    if floored {
        lines[0].push("× floor".to_owned());
    }
    lines[0].push("× Seaworthy".to_owned());
    let width = lines[0].len();
    for row in &table.rows {
        let mut line = vec![row.name.clone()];
        if let Some(why) = &row.absent {
            line.push(why.replace('|', "/").replace('\n', " "));
        } else {
            for kind in &table.kinds {
                line.push(match (row.median(*kind), row.least(*kind)) {
                    (Some(median), Some(least)) => {
                        format!("{} ({})", kind.show(median), kind.show(least))
                    }
                    _ => "–".to_owned(),
                });
            }
            let ratio = |role| table.ratio(row, role).map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
            if floored {
                line.push(ratio(Role::Floor));
            }
            line.push(ratio(Role::Own));
        }
        line.resize(width, String::new());
        lines.push(line);
    }
    let widths: Vec<usize> = (0..width)
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        })
        .collect();
    for (index, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            write!(out, "| {cell:<width$} ")?;
        }
        writeln!(out, "|")?;
        if index == 0 {
            for width in &widths {
                write!(out, "| {} ", "-".repeat(*width))?;
            }
            writeln!(out, "|")?;
        }
    }
    Ok(())
}

/// Writes one JSON object for each figure, and one for each contender without figures.
pub(crate) fn json_lines(table: &Table, out: &mut dyn Write) -> std::io::Result<()> {
    for row in &table.rows {
        let mut line = json!({
            "bench": table.bench, "case": table.case, "contender": row.name, "role": row.role.name(),
        });
        if let Some(why) = &row.absent {
            line["absent"] = json!(why);
            writeln!(out, "{line}")?;
            continue;
        }
        for (index, kind) in table.kinds.iter().enumerate() {
            let Some(median) = row.median(*kind) else { continue };
            line["metric"] = json!(kind.name());
            line["unit"] = json!(kind.unit());
            line["median"] = json!(median);
            line["least"] = json!(row.least(*kind));
            line["rounds"] = json!(row.rounds());
            let (floor, own) = if index == 0 {
                (table.ratio(row, Role::Floor), table.ratio(row, Role::Own))
            } else {
                (None, None)
            };
            line["ratio_to_floor"] = json!(floor);
            line["ratio_to_seaworthy"] = json!(own);
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Kind, Role, Row, Table};
    use super::{json_lines, markdown};

    fn table() -> Table {
        let mut floor = Row::new("floor", Role::Floor);
        floor.record(Ok(vec![(Kind::Cpu, 0.002), (Kind::Rss, 1_048_576.0)]));
        let mut own = Row::new("Seaworthy", Role::Own);
        own.record(Ok(vec![(Kind::Cpu, 0.003), (Kind::Rss, 2_097_152.0)]));
        let gone = Row::absent("crane", Role::Peer, "not installed");
        Table {
            bench: "push",
            case: "x".to_owned(),
            note: "Budget.".to_owned(),
            kinds: vec![Kind::Cpu, Kind::Rss],
            rows: vec![floor, own, gone],
        }
    }

    #[test]
    fn every_contender_has_a_line_the_missing_one_too() {
        let mut out = Vec::new();
        markdown(&table(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "### push: x");
        assert!(lines[5].starts_with("|           | CPU "), "{text}");
        assert!(lines[7].contains("2.00 ms (2.00 ms)") && lines[7].contains("1.0 MiB"), "{text}");
        assert!(lines[8].contains("| 1.50 ") && lines[8].contains("| 1.00 "), "{text}");
        assert!(lines[9].contains("| not installed "), "{text}");
        let widths: Vec<usize> = lines[5..].iter().map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    }

    #[test]
    fn json_has_raw_units() {
        let mut out = Vec::new();
        json_lines(&table(), &mut out).unwrap();
        let lines: Vec<serde_json::Value> =
            String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[2]["median"], 0.003);
        assert_eq!(lines[2]["ratio_to_floor"], 1.5);
        assert_eq!(lines[3]["unit"], "B");
        assert_eq!(lines[4]["absent"], "not installed");
    }
}
