//! Expressions in double braces, as Handlebars reads them: values, `{{date 'FORMAT' tz='ZONE'}}`, `if` and `unless`,
//! comments, escapes. What is not needed for tags (partials, other blocks, nested calls) is refused.

use crate::Error;
use crate::moment;
use jiff::Timestamp;

/// Deepest nesting of blocks.
const DEEPEST: usize = 32;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A text.
    Text(String),
    /// A number, by its digits.
    Number(String),
    /// A time, which needs a format.
    Time(Timestamp),
}

/// Gives what a name stands for.
pub(crate) type Scope<'a> = dyn Fn(&str) -> Result<Option<Meaning>, Error> + 'a;

/// Evaluates an expression. Names that mean nothing are empty.
pub(crate) fn render(text: &str, scope: &Scope<'_>) -> Result<String, Error> {
    // Nearly every text has no braces at all.
    if !text.contains("{{") {
        return Ok(text.to_owned());
    }
    let nodes = parse(text).map_err(|problem| Error::expression(text, problem))?;
    let mut out = String::new();
    write(&nodes, scope, text, &mut out)?;
    Ok(out)
}

/// Whether a pattern is `{{raw}}` and nothing else.
pub fn is_raw_statement(pattern: &str) -> bool {
    matches!(parse_plain(pattern).as_deref(), Ok([Token::Mustache(call, _)]) if !call.literal && call.path.parts == ["raw"])
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Value { call: Call, escaped: bool },
    If { condition: Path, wanted: bool, then: Vec<Self>, otherwise: Vec<Self> },
}

/// A name, what it is called with, and the named arguments.
#[derive(Clone, Debug, Default)]
struct Call {
    path: Path,
    /// The name is written as a string or a number.
    literal: bool,
    arguments: Vec<Argument>,
    named: Vec<(String, Argument)>,
}

#[derive(Clone, Debug, Default)]
struct Path {
    parts: Vec<String>,
    /// It begins with `@` or `../`, which lead out of what is known here.
    outside: bool,
}

#[derive(Clone, Debug)]
enum Argument {
    Text(String),
    Path(Path),
    /// A number, a truth value or nothing.
    Literal,
}

#[derive(Clone, Debug)]
enum Token {
    Text(String),
    /// A value, escaped or not.
    Mustache(Call, bool),
    /// A block with its word, and whether it is opened by `^`.
    Open(String, Vec<Argument>, bool),
    /// `{{else}}` or `{{^}}`, or `{{else if …}}`.
    Else(Option<Call>),
    Close(String),
    Comment,
}

type Problem = String;

fn parse(text: &str) -> Result<Vec<Node>, Problem> {
    let tokens = parse_plain(text)?;
    let mut tokens = tokens.into_iter();
    let (nodes, end) = tree(&mut tokens, 0)?;
    match end {
        None => Ok(nodes),
        Some(_) => Err("a block is closed that was not opened".to_owned()),
    }
}

/// Builds the nodes up to the end, or to what ends the block.
fn tree(tokens: &mut std::vec::IntoIter<Token>, depth: usize) -> Result<(Vec<Node>, Option<Token>), Problem> {
    if depth > DEEPEST {
        return Err(format!("blocks are nested more than {DEEPEST} deep"));
    }
    let mut nodes = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => nodes.push(Node::Text(text)),
            Token::Mustache(call, escaped) => nodes.push(Node::Value { call, escaped }),
            Token::Comment => {}
            Token::Open(word, arguments, inverse) => {
                nodes.push(block(tokens, &word, arguments, inverse, &word, depth)?);
            }
            end @ (Token::Else(_) | Token::Close(_)) => return Ok((nodes, Some(end))),
        }
    }
    Ok((nodes, None))
}

/// Reads a block's two branches up to its end, `{{/NAME}}`.
fn block(
    tokens: &mut std::vec::IntoIter<Token>,
    word: &str,
    arguments: Vec<Argument>,
    inverse: bool,
    name: &str,
    depth: usize,
) -> Result<Node, Problem> {
    let wanted = match word {
        "if" => !inverse,
        "unless" => inverse,
        _ => return Err(format!("the block `{word}` is not supported; `if` and `unless` are")),
    };
    let Ok([Argument::Path(condition)]) = <[Argument; 1]>::try_from(arguments) else {
        return Err(format!("`{word}` needs one name"));
    };
    let (then, end) = tree(tokens, depth + 1)?;
    let (otherwise, end) = match end {
        Some(Token::Else(None)) => tree(tokens, depth + 1)?,
        Some(Token::Else(Some(call))) => {
            // The chain's last part is closed by the name of its first.
            let word = call.path.parts.join(".");
            return Ok(Node::If {
                condition,
                wanted,
                then,
                otherwise: vec![block(tokens, &word, call.arguments, false, name, depth + 1)?],
            });
        }
        end => (Vec::new(), end),
    };
    match end {
        Some(Token::Close(closed)) if closed == name => Ok(Node::If { condition, wanted, then, otherwise }),
        Some(Token::Close(closed)) => Err(format!("`{name}` is opened, `{closed}` is closed")),
        _ => Err(format!("the block `{name}` is not closed")),
    }
}

/// Cuts a text into tokens; `~` takes the white space beside it.
fn parse_plain(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut strip = false;
    while !rest.is_empty() {
        let Some(at) = rest.find("{{") else {
            push_text(&mut tokens, rest, strip);
            break;
        };
        let before = &rest[..at];
        if before.ends_with('\\') && !before.ends_with("\\\\") {
            // An escaped brace: text up to the next brace.
            let after = &rest[at + 2..];
            let end = after.find("{{").map_or(rest.len(), |next| {
                let slashes = after[..next].bytes().rev().take(2).take_while(|byte| *byte == b'\\').count();
                at + 2 + next - slashes
            });
            push_text(&mut tokens, &format!("{}{}", &before[..at - 1], &rest[at..end]), strip);
            rest = &rest[end..];
            strip = false;
            continue;
        }
        push_text(&mut tokens, before.strip_suffix("\\").unwrap_or(before), strip);
        let mut cursor = Cursor { rest: &rest[at + 2..] };
        if cursor.eat("~")
            && let Some(Token::Text(text)) = tokens.last_mut()
        {
            text.truncate(text.trim_end().len());
        }
        let (token, after) = cursor.tag()?;
        tokens.push(token);
        strip = after;
        rest = cursor.rest;
    }
    tokens.retain(|token| !matches!(token, Token::Text(text) if text.is_empty()));
    Ok(tokens)
}

fn push_text(tokens: &mut Vec<Token>, text: &str, strip: bool) {
    let text = if strip { text.trim_start() } else { text };
    if !text.is_empty() {
        tokens.push(Token::Text(text.to_owned()));
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn eat(&mut self, word: &str) -> bool {
        self.rest.strip_prefix(word).inspect(|rest| self.rest = rest).is_some()
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// What stands after `{{` or `{{~`; and whether the white space behind goes.
    fn tag(&mut self) -> Result<(Token, bool), Problem> {
        if self.eat("!") {
            let end = if self.rest.starts_with("--") { "--" } else { "" };
            let both = [format!("{end}}}}}"), format!("{end}~}}}}")];
            let found = both.iter().filter_map(|end| Some((self.rest.find(end.as_str())?, end))).min();
            let (at, end) = found.ok_or("a comment is not closed")?;
            self.rest = &self.rest[at + end.len()..];
            return Ok((Token::Comment, end.contains('~')));
        }
        for (start, what) in [
            ("{{", "raw blocks"),
            (">", "partials"),
            ("#>", "partials"),
            ("#*", "decorators"),
            ("*", "decorators"),
        ] {
            if self.rest.starts_with(start) {
                return Err(format!("{what} are not supported"));
            }
        }
        if self.eat("#") {
            let call = self.call()?;
            let strip = self.close("}}")?;
            return Ok((Token::Open(call.path.parts.join("."), call.arguments, false), strip));
        }
        if self.eat("/") {
            self.space();
            let path = self.path()?;
            return Ok((Token::Close(path.parts.join(".")), self.close("}}")?));
        }
        if self.eat("^") {
            self.space();
            if self.rest.starts_with('~') || self.rest.starts_with('}') {
                return Ok((Token::Else(None), self.close("}}")?));
            }
            let call = self.call()?;
            let strip = self.close("}}")?;
            return Ok((Token::Open(call.path.parts.join("."), call.arguments, true), strip));
        }
        if self.eat("{") {
            let call = self.call()?;
            return Ok((Token::Mustache(call, false), self.close("}}}")?));
        }
        let escaped = !self.eat("&");
        self.space();
        let word = self
            .rest
            .strip_prefix("else")
            .filter(|rest| rest.starts_with(|c: char| c.is_whitespace() || "~}".contains(c)));
        if let Some(rest) = word.filter(|_| escaped) {
            self.rest = rest;
            self.space();
            if self.rest.starts_with('~') || self.rest.starts_with('}') {
                return Ok((Token::Else(None), self.close("}}")?));
            }
            let call = self.call()?;
            return Ok((Token::Else(Some(call)), self.close("}}")?));
        }
        let call = self.call()?;
        Ok((Token::Mustache(call, escaped), self.close("}}")?))
    }

    /// The end of a tag; true when it takes the white space behind it.
    fn close(&mut self, end: &str) -> Result<bool, Problem> {
        self.space();
        // In `{{{name}~}}` the tilde stands within.
        let inner = end.len() > 2 && self.eat("}");
        let end = if inner { "}}" } else { end };
        let strip = self.eat("~");
        if self.eat(end) { Ok(strip) } else { Err("the braces are not closed".to_owned()) }
    }

    fn call(&mut self) -> Result<Call, Problem> {
        self.space();
        let mut call = Call::default();
        if let Some(text) = self.string()? {
            call.literal = true;
            call.path.parts.push(text);
        } else {
            call.path = self.path()?;
        }
        loop {
            let before = self.rest;
            self.space();
            if self.rest.is_empty() || self.rest.starts_with(['}', '~']) {
                return Ok(call);
            }
            if before.len() == self.rest.len() {
                return Err("a space is missing between two words".to_owned());
            }
            if let Some(name) = self.key() {
                let argument = self.argument()?;
                call.named.push((name, argument));
            } else if call.named.is_empty() {
                let argument = self.argument()?;
                call.arguments.push(argument);
            } else {
                return Err("an argument without a name follows one with a name".to_owned());
            }
        }
    }

    /// `name=` before an argument.
    fn key(&mut self) -> Option<String> {
        let end = self.rest.find(|c: char| !is_name(c)).filter(|end| *end > 0)?;
        let rest = self.rest[end..].trim_start().strip_prefix('=')?;
        let name = self.rest[..end].to_owned();
        self.rest = rest.trim_start();
        Some(name)
    }

    fn argument(&mut self) -> Result<Argument, Problem> {
        if let Some(text) = self.string()? {
            return Ok(Argument::Text(text));
        }
        if self.rest.starts_with('(') {
            return Err("nested calls are not supported".to_owned());
        }
        let path = self.path()?;
        let [word] = path.parts.as_slice() else { return Ok(Argument::Path(path)) };
        let digits = word.strip_prefix('-').unwrap_or(word);
        let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if number || ["true", "false", "null", "undefined"].contains(&word.as_str()) {
            return Ok(Argument::Literal);
        }
        Ok(Argument::Path(path))
    }

    /// A text in quotes.
    fn string(&mut self) -> Result<Option<String>, Problem> {
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(None);
        };
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + 1..];
                return Ok(Some(text));
            }
            if c == '\\' && chars.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                text.push(c);
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn path(&mut self) -> Result<Path, Problem> {
        let mut path = Path { outside: self.eat("@"), ..Path::default() };
        let mut first = true;
        loop {
            if self.eat("..") {
                path.outside = true;
            } else if self.rest.starts_with('.') && first {
                self.rest = &self.rest[1..];
                if self.rest.starts_with(is_name) {
                    return Err("a name begins with `.`".to_owned());
                }
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                let end = rest.find(']').ok_or("a bracket is not closed")?;
                path.parts.push(rest[..end].to_owned());
                self.rest = &rest[end + 1..];
            } else {
                let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
                if end == 0 {
                    let found =
                        self.rest.chars().next().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
                    return Err(format!("a name is expected, {found} was found"));
                }
                let (word, rest) = self.rest.split_at(end);
                if word != "this" || !first {
                    path.parts.push(word.to_owned());
                }
                self.rest = rest;
            }
            first = false;
            if !(self.eat(".") || self.eat("/")) {
                break;
            }
        }
        if path.outside && path.parts.first().is_some_and(|part| part == "root") {
            path.parts.remove(0);
            path.outside = false;
        }
        Ok(path)
    }
}

/// Whether a character may stand in a name.
fn is_name(c: char) -> bool {
    !c.is_whitespace() && !"!\"#%&'()*+,./;<=>@[\\]^`{|}~".contains(c)
}

fn write(nodes: &[Node], scope: &Scope<'_>, text: &str, out: &mut String) -> Result<(), Error> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Value { call, escaped: true } => escape(&value(call, scope, text)?, out),
            Node::Value { call, escaped: false } => out.push_str(&value(call, scope, text)?),
            Node::If { condition, wanted, then, otherwise } => {
                let truth = match meaning(condition, scope)? {
                    Some(Meaning::Time(_)) => return Err(Error::expression(text, "a time needs a format")),
                    Some(Meaning::Text(text)) => !text.is_empty(),
                    Some(Meaning::Number(digits)) => digits != "0",
                    None => condition.parts.is_empty() && !condition.outside,
                };
                write(if truth == *wanted { then } else { otherwise }, scope, text, out)?;
            }
        }
    }
    Ok(())
}

fn meaning(path: &Path, scope: &Scope<'_>) -> Result<Option<Meaning>, Error> {
    match path.parts.as_slice() {
        [name] if !path.outside => scope(name),
        _ => Ok(None),
    }
}

fn value(call: &Call, scope: &Scope<'_>, text: &str) -> Result<String, Error> {
    let refuse = |problem: String| Err(Error::expression(text, problem));
    let name = call.path.parts.join(".");
    if ["if", "unless", "each", "with", "lookup"].contains(&name.as_str()) {
        return refuse(format!("`{name}` opens a block: `{{{{#{name} …}}}}`"));
    }
    if name == "log" {
        return Ok(String::new());
    }
    Ok(match meaning(&call.path, scope)? {
        Some(Meaning::Text(text) | Meaning::Number(text)) => text,
        Some(Meaning::Time(at)) => {
            let [Argument::Text(format)] = call.arguments.as_slice() else {
                return refuse(format!("`{name}` needs one format, such as `{{{{{name} 'YYYYMMDD'}}}}`"));
            };
            let mut zone = "UTC";
            for (key, argument) in &call.named {
                match (key.as_str(), argument) {
                    ("tz", Argument::Text(text)) if !text.is_empty() => zone = text,
                    ("tz", _) => return refuse("`tz` needs the name of a zone in quotes".to_owned()),
                    _ => return refuse(format!("`{name}` has no `{key}`; it has `tz`")),
                }
            }
            moment::format(at, format, zone)
        }
        None if !call.arguments.is_empty() || !call.named.is_empty() => {
            return refuse(format!("there is no `{name}` to call"));
        }
        None if call.path.parts.is_empty() && !call.path.outside => "[object Object]".to_owned(),
        None => String::new(),
    })
}

/// Writes a text so that it is safe in HTML, as the action does with every value in two braces.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            '`' => out.push_str("&#x60;"),
            '=' => out.push_str("&#x3D;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(text: &str) -> Result<String, Error> {
        render(text, &|name| {
            Ok(match name {
                "branch" => Some(Meaning::Text("o'neil".to_owned())),
                "tag" => Some(Meaning::Text(String::new())),
                "patch" => Some(Meaning::Number("0".to_owned())),
                "date" => Some(Meaning::Time(Timestamp::UNIX_EPOCH)),
                _ => None,
            })
        })
    }

    #[test]
    fn values() {
        for (text, value) in [
            ("a{{branch}}b", "ao&#x27;neilb"),
            ("{{{branch}}}", "o'neil"),
            ("{{&branch}}", "o'neil"),
            ("{{ nope }}", ""),
            ("{{a.b}}", ""),
            ("{{this.branch}}{{./tag}}{{@root.patch}}", "o&#x27;neil0"),
            ("{{this}}", "[object Object]"),
            ("\\{{branch}} {{tag}}", "{{branch}} "),
            ("\\\\{{tag}}", "\\"),
            ("{{! note }}x{{!-- }} --}}", "x"),
            ("a {{~tag~}} b", "ab"),
            ("{{date 'YYYY-MM' tz=\"Asia/Tokyo\"}}", "1970-01"),
            ("{{#if tag}}t{{else if branch}}b{{else}}n{{/if}}", "b"),
            ("{{#unless patch}}zero{{/unless}}", "zero"),
            ("{{^if tag}}none{{/if}}", "none"),
            ("{{#if tag}}a{{^}}c{{/if}}", "c"),
            ("}} {", "}} {"),
        ] {
            assert_eq!(eval(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "{{",
            "{{}}",
            "{{branch}",
            "{{#if}}",
            "{{#if tag}}",
            "{{/if}}",
            "{{else}}",
            "{{date}}",
            "{{date 5}}",
            "{{date 'Y' zone='x'}}",
            "{{date 'Y' tz=''}}",
            "{{nope 'x'}}",
            "{{> part}}",
            "{{#each x}}{{/each}}",
            "{{'x}}",
            "{{#if tag}}{{/unless}}",
            "{{if tag}}",
            "{{{branch}}",
            "{{date tz='UTC'}}",
            "{{!-- x }}",
        ] {
            assert!(eval(text).is_err(), "{text}");
        }
        assert!(eval(&"{{#if tag}}".repeat(5000)).is_err());
    }

    #[test]
    fn raw_statements() {
        for (text, raw) in [
            ("{{raw}}", true),
            ("{{ raw }}", true),
            ("{{{raw}}}", true),
            ("v{{raw}}", false),
            ("{{version}}", false),
            ("{{raw", false),
            ("{{'raw'}}", false),
        ] {
            assert_eq!(is_raw_statement(text), raw, "{text}");
        }
    }
}
