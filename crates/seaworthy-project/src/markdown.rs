//! Reads what a Markdown document claims: variables, commands, sizes, ports, boxes and links.

mod claims;
mod table;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use seaworthy_facts::{Checkbox, CodeBlock, DocumentFact, Spanned, TextFile};
use seaworthy_finding::Span;

/// Reads a document.
pub fn read(file: TextFile) -> DocumentFact {
    let mut fact = DocumentFact {
        file,
        env_rows: Vec::new(),
        code_blocks: Vec::new(),
        sizes: Vec::new(),
        ports: Vec::new(),
        checkboxes: Vec::new(),
        links: Vec::new(),
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
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                block = Some(CodeBlock { language, text: String::new(), span: Span::default() });
            }
            Event::End(TagEnd::CodeBlock) => fact.code_blocks.extend(block.take()),
            Event::Text(words) if block.is_some() => {
                if let Some(block) = &mut block {
                    if block.text.is_empty() {
                        block.span = span;
                    }
                    block.span.end = span.end;
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
            }
            Event::Start(Tag::TableCell) => {
                if let Some(table) = &mut table {
                    table.cell(span);
                }
            }
            Event::Text(words) | Event::Code(words) if table.is_some() => {
                if let Some(table) = &mut table {
                    table.text(&words, span);
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                fact.links.extend(relative(&dest_url).map(|value| Spanned { value, span }));
            }
            Event::Start(Tag::Paragraph) => fact.sizes.extend(claims::sizes(&text, span)),
            Event::TaskListMarker(ticked) => {
                let end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
                let words = text.get(span.end..end).unwrap_or_default().trim().to_owned();
                fact.checkboxes.push(Checkbox { span: Span::new(span.start, end), ticked, text: words });
            }
            // The text of a tight list's item stands in no paragraph.
            Event::Start(Tag::Item) => {
                let line = text[span.start..span.end].find("\n\n").map_or(span.end, |at| span.start + at);
                fact.sizes.extend(claims::sizes(&text, Span::new(span.start, line)));
            }
            _ => {}
        }
    }
    fact.sizes.sort_by_key(|size| (size.span.start, size.span.end));
    fact.sizes.dedup_by_key(|size| size.span);
    for block in &fact.code_blocks {
        fact.ports.extend(claims::ports(&text, block.span));
    }
    fact
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
        let ports: Vec<_> = fact.ports.iter().map(|port| (port.port, port.host_ip.as_deref())).collect();
        assert_eq!(ports, [(8080, Some("127.0.0.1")), (9000, None)]);
        assert_eq!(fact.ports[1].span.of(TEXT), "9000:9000/udp");
        assert_eq!((fact.checkboxes[0].ticked, fact.checkboxes[0].text.as_str()), (true, "runs as non-root"));
        assert_eq!(fact.links.len(), 1);
        assert_eq!(fact.links[0].value, "docs/SETUP.md");
        assert_eq!(fact.code_blocks[0].language, "sh");
    }
}
