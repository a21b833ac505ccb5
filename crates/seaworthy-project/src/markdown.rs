//! Reads what a Markdown document claims: variables, commands, sizes, ports, boxes and links.

mod claims;
mod command;
pub(crate) mod fence;
mod table;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use seaworthy_facts::{Checkbox, CodeBlock, DocumentFact, OffsetTable, Spanned, TextFile};
use seaworthy_finding::Span;

/// The language a fence names; none for one that says it is `bad`, as the pages of our rules do: it is wrong on purpose.
fn language(info: &str) -> String {
    let mut words = info.split([' ', ',', '{']);
    let language = words.next().unwrap_or_default();
    if words.any(|word| word == "bad") { String::new() } else { language.to_owned() }
}

/// Reads a document.
pub fn read(file: TextFile) -> DocumentFact {
    let mut fact = DocumentFact {
        file,
        env_rows: Vec::new(),
        code_blocks: Vec::new(),
        sizes: Vec::new(),
        commands: Vec::new(),
        checkboxes: Vec::new(),
        links: Vec::new(),
        prose: Vec::new(),
    };
    let text = fact.file.text.clone();
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut table: Option<table::Table> = None;
    let mut block: Option<CodeBlock> = None;
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
        let span = Span::new(range.start, range.end);
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => language(&info),
                    CodeBlockKind::Indented => String::new(),
                };
                block = Some(CodeBlock {
                    language,
                    text: String::new(),
                    span: Span::default(),
                    pieces: OffsetTable::default(),
                });
            }
            Event::End(TagEnd::CodeBlock) => fact.code_blocks.extend(block.take()),
            Event::Text(words) if block.is_some() => {
                if let Some(block) = &mut block {
                    if block.text.is_empty() {
                        block.span = span;
                    }
                    block.span.end = span.end;
                    block.pieces.0.push((block.text.len(), span.start));
                    block.text.push_str(&words);
                }
            }
            Event::Start(Tag::Table(_)) => table = Some(table::Table::default()),
            Event::End(TagEnd::Table) => {
                fact.env_rows.extend(table.take().map(|table| table.rows()).unwrap_or_default());
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                if let Some(table) = &mut table {
                    table.row();
                }
                fact.prose.push(span);
            }
            Event::Start(Tag::TableCell) => {
                if let Some(table) = &mut table {
                    table.cell(span);
                }
            }
            Event::Text(words) if table.is_some() => {
                if let Some(table) = &mut table {
                    table.text(&words, span);
                }
            }
            Event::Code(words) => {
                if let Some(table) = &mut table {
                    table.text(&words, span);
                }
                // The code stands in the text as it is, between backticks.
                if let Some(at) = span.of(&text).find(&*words) {
                    fact.commands.extend(command::inline(&words, span.start + at));
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                fact.links.extend(relative(&dest_url).map(|value| Spanned { value, span }));
            }
            Event::Start(Tag::Paragraph) => {
                fact.sizes.extend(claims::sizes(&text, span));
                fact.prose.push(span);
            }
            Event::Start(Tag::Heading { .. }) => fact.prose.push(span),
            Event::TaskListMarker(ticked) => {
                let end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
                let words = text.get(span.end..end).unwrap_or_default().trim().to_owned();
                fact.checkboxes.push(Checkbox { span: Span::new(span.start, end), ticked, text: words });
            }
            // The text of a tight list's item stands in no paragraph.
            Event::Start(Tag::Item) => {
                let line = text[span.start..span.end].find("\n\n").map_or(span.end, |at| span.start + at);
                fact.sizes.extend(claims::sizes(&text, Span::new(span.start, line)));
                fact.prose.push(Span::new(span.start, first_item(&text, span.start, line)));
            }
            _ => {}
        }
    }
    fact.sizes.sort_by_key(|size| (size.span.start, size.span.end));
    fact.sizes.dedup_by_key(|size| size.span);
    // The paragraph of a loose list's item begins inside of what the item gave.
    let mut end = 0;
    fact.prose.retain(|span| {
        let new = span.end > end;
        end = end.max(span.end);
        new
    });
    for block in fact.code_blocks.iter().filter(|block| command::is_shell(&block.language)) {
        fact.commands.extend(command::block(&block.text, &block.pieces));
    }
    fact.commands.sort_by_key(|command| command.span.start);
    fact
}

/// Where an item's own words end: before an item inside of it.
fn first_item(text: &str, start: usize, end: usize) -> usize {
    let mut at = start;
    for (number, line) in text[start..end].split_inclusive('\n').enumerate() {
        let body = line.trim_start();
        let marked = body.starts_with(['-', '*', '+']) && body[1..].starts_with(' ')
            || body.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". ")
                && body.starts_with(|c: char| c.is_ascii_digit())
            || body.starts_with("```");
        if number > 0 && marked {
            break;
        }
        at += line.len();
    }
    at
}

/// A link's target without fragment and query, where it is a path relative to the document.
fn relative(target: &str) -> Option<String> {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    (!path.is_empty() && !scheme && !path.starts_with(['/', '<'])).then(|| path.replace("%20", " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# api\n\nThe image is 4.2 MB compressed. It needs 64 MB of memory.\n\n- Image size: under 10 MB\n- [x] runs as non-root\n\n| Variable | Required | Default |\n|---|---|---|\n| `API_TOKEN` | yes | - |\n| `PORT` | no | `8080` |\n\n```sh\ndocker run --rm -p 127.0.0.1:8080:8080 \\\n  -p 9000:9000/udp api\n```\n\nSee [docs](docs/SETUP.md#x) and [web](https://example.com).\n";

    #[test]
    fn every_claim_is_found_with_its_place() {
        let fact = read(TextFile::new("README.md", TEXT.to_owned()));
        let sizes: Vec<_> = fact.sizes.iter().map(|size| (size.bytes, size.bound, size.compressed)).collect();
        assert_eq!(sizes, [(4_200_000, false, Some(true)), (10_000_000, true, None)]);
        assert_eq!(fact.sizes[0].span.of(TEXT), "4.2 MB");
        let rows: Vec<_> = fact
            .env_rows
            .iter()
            .map(|row| (row.name.as_str(), row.required, row.default.as_deref()))
            .collect();
        assert_eq!(rows, [("API_TOKEN", Some(true), None), ("PORT", Some(false), Some("8080"))]);
        assert_eq!(fact.env_rows[0].span.of(TEXT), "`API_TOKEN`");
        let ports: Vec<_> = fact.commands[0].values("publish").map(|port| port.span.of(TEXT)).collect();
        assert_eq!(ports, ["127.0.0.1:8080:8080", "9000:9000/udp"]);
        assert_eq!(fact.commands[0].image().map(|image| image.value.as_str()), Some("api"));
        let prose: Vec<_> = fact.prose.iter().map(|span| span.of(TEXT).trim()).collect();
        assert_eq!(
            prose[..3],
            [
                "# api",
                "The image is 4.2 MB compressed. It needs 64 MB of memory.",
                "- Image size: under 10 MB"
            ]
        );
        assert_eq!((fact.checkboxes[0].ticked, fact.checkboxes[0].text.as_str()), (true, "runs as non-root"));
        assert_eq!(fact.links.len(), 1);
        assert_eq!(fact.links[0].value, "docs/SETUP.md");
        assert_eq!(fact.code_blocks[0].language, "sh");
    }
}
