//! One line of rules as a CSV record (RFC 4180, read as the action reads it).

use crate::Error;

/// The fields of the first record that is not empty.
///
/// # Errors
/// When a quote stands where none may stand, or when there is no record.
pub(crate) fn fields(line: &str) -> Result<Vec<String>, Error> {
    let refuse = |problem| Error::Record { line: line.to_owned(), problem };
    let records = records(line, Quotes::Strict, None).map_err(refuse)?;
    records.into_iter().next().ok_or_else(|| refuse("there is nothing in it"))
}

/// What a quote within a field without quotes is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// An error.
    Strict,
    /// A character like others.
    Relaxed,
}

/// Reads every record that is not empty. With a comment character, lines beginning with it are left out.
pub(crate) fn records(
    text: &str,
    quotes: Quotes,
    comment: Option<char>,
) -> Result<Vec<Vec<String>>, &'static str> {
    let mut all = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut field = String::new();
    // Within quotes; and whether this field had any, so that `""` alone is a field and not an empty line.
    let (mut quoting, mut quoted) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if quoting {
            if c != '"' {
                field.push(c);
            } else if chars.peek() == Some(&'"') {
                chars.next();
                field.push('"');
            } else if matches!(chars.peek(), None | Some(',' | '\n' | '\r')) {
                quoting = false;
            } else if quotes == Quotes::Strict {
                return Err(
                    "a closing quote is followed by more text; write `\"\"` for a quote within quotes",
                );
            } else {
                quoting = false;
                field.insert(0, '"');
                field.push('"');
            }
            continue;
        }
        match c {
            '"' if field.is_empty() && !quoted => (quoting, quoted) = (true, true),
            '"' if quotes == Quotes::Strict => {
                return Err(
                    "a quote stands within a field; put the whole field into quotes: `\"pattern=…\"`",
                );
            }
            ',' => {
                record.push(std::mem::take(&mut field));
                quoted = false;
            }
            '\n' | '\r' => {
                if !(record.is_empty() && field.is_empty() && !quoted) {
                    record.push(std::mem::take(&mut field));
                    all.push(std::mem::take(&mut record));
                }
                quoted = false;
            }
            _ if Some(c) == comment && record.is_empty() && field.is_empty() && !quoted => {
                while chars.next_if(|c| *c != '\n' && *c != '\r').is_some() {}
            }
            _ => field.push(c),
        }
    }
    if quoting {
        return Err("a quote is opened and not closed");
    }
    if !(record.is_empty() && field.is_empty() && !quoted) {
        record.push(field);
        all.push(record);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        assert_eq!(fields("a,\"b,c\",d").unwrap(), ["a", "b,c", "d"]);
        assert_eq!(fields("\"say \"\"x\"\"\"").unwrap(), ["say \"x\""]);
        assert_eq!(fields("a,").unwrap(), ["a", ""]);
    }

    #[test]
    fn misplaced_quotes_are_refused() {
        for line in ["a=\"b\"", "\"a\"b", "\"a", "", "\n"] {
            assert!(fields(line).is_err(), "{line}");
        }
    }

    #[test]
    fn comments_are_whole_lines() {
        let read = records("a#b\n#c\n\n d", Quotes::Relaxed, Some('#')).unwrap();
        assert_eq!(read, [["a#b"], [" d"]]);
    }
}
