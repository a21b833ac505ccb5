//! Cuts a documented shell session into commands: prompts, continuations, quotes, placeholders, heredocs.

/// A word and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word without quotes; variables and placeholders as they are.
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a variable, a substitution or a placeholder stands for a part of it.
    pub(crate) open: bool,
    /// Whether any of it was quoted.
    pub(crate) quoted: bool,
}

/// The commands of a block: each a list of words, operators and redirections left out.
pub(crate) fn commands(text: &str) -> Vec<Vec<Word>> {
    let session = text.lines().any(|line| prompt(line) > 0);
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let skip = prompt(line);
        if (session && skip == 0) || line.trim().is_empty() {
            at = end + 1;
            continue;
        }
        let mut reader = Reader { text, at: at + skip, heredocs: Vec::new() };
        if !reader.statement(&mut out) {
            // A quote that never closes: nothing after it can be trusted.
            break;
        }
        at = reader.after_heredocs();
    }
    out
}

/// The commands of a text on one line, without a prompt.
pub(crate) fn inline(text: &str) -> Vec<Vec<Word>> {
    let mut out = Vec::new();
    let mut reader = Reader { text, at: prompt(text), heredocs: Vec::new() };
    if reader.statement(&mut out) { out } else { Vec::new() }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// How many bytes of a line are the prompt.
fn prompt(line: &str) -> usize {
    let body = line.trim_start();
    let indent = line.len() - body.len();
    for sign in ["$ ", "% ", ">> ", "> ", "\u{276f} ", "\u{279c} "] {
        if body.starts_with(sign) {
            return indent + sign.len();
        }
    }
    // `root@host:~# ` and `PS C:\>`.
    let end = body.find(['#', '$', '>']).filter(|end| body[end + 1..].starts_with(' '));
    if let Some(end) = end {
        let before = &body[..end];
        if (before.contains('@') && before.contains(':') && !before.contains(' '))
            || before.starts_with("PS ")
        {
            return indent + end + 2;
        }
    }
    0
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    heredocs: Vec<String>,
}

impl Reader<'_> {
    /// Reads one logical line into commands; false when a quote is left open.
    fn statement(&mut self, out: &mut Vec<Vec<Word>>) -> bool {
        let mut words: Vec<Word> = Vec::new();
        let mut redirect = false;
        loop {
            self.blanks();
            let Some(next) = self.peek() else { break };
            match next {
                '\n' => break,
                '#' => {
                    self.at = line_end(self.text, self.at);
                    break;
                }
                ';' | '|' | '&' | '(' | ')' => {
                    self.at += 1;
                    if next == '&' && self.peek() == Some('>') {
                        continue;
                    }
                    if !words.is_empty() {
                        out.push(std::mem::take(&mut words));
                    }
                    redirect = false;
                }
                '>' => {
                    while self.peek().is_some_and(|ch| matches!(ch, '>' | '&' | '|')) {
                        self.at += 1;
                    }
                    redirect = true;
                }
                '<' if self.placeholder().is_none() => {
                    if self.text[self.at..].starts_with("<<<") {
                        self.at += 3;
                        redirect = true;
                    } else if self.text[self.at..].starts_with("<<") {
                        self.at += 2;
                        if self.peek() == Some('-') {
                            self.at += 1;
                        }
                        self.blanks();
                        match self.word() {
                            Some(Some(word)) => self.heredocs.push(word.text),
                            Some(None) => {}
                            None => return false,
                        }
                    } else if self.text[self.at..].starts_with("<(") {
                        // The commands of a process substitution are an argument here.
                        match self.word() {
                            Some(Some(word)) => words.push(word),
                            Some(None) => self.at += 1,
                            None => return false,
                        }
                    } else {
                        self.at += 1;
                        redirect = true;
                    }
                }
                _ => {
                    let before = self.at;
                    let Some(read) = self.word() else { return false };
                    let Some(word) = read else {
                        // Nothing that can begin a word: step over it.
                        self.at = self.at.max(before) + if self.at == before { next.len_utf8() } else { 0 };
                        continue;
                    };
                    if std::mem::take(&mut redirect) {
                        continue;
                    }
                    // `2>file`.
                    if self.peek() == Some('>')
                        && word.text.len() == 1
                        && word.text.as_bytes()[0].is_ascii_digit()
                    {
                        continue;
                    }
                    words.push(word);
                }
            }
        }
        if !words.is_empty() {
            out.push(words);
        }
        true
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Steps over blanks and continued line ends.
    fn blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let Some(next) = rest.chars().next() else { return };
            if next == ' ' || next == '\t' || next == '\r' {
                self.at += 1;
            } else if matches!(next, '\\' | '`' | '^') {
                let after = rest[1..].trim_start_matches([' ', '\t', '\r']);
                let Some(tail) = after.strip_prefix('\n') else { return };
                self.at = self.text.len() - tail.len();
                // A continued line may repeat the secondary prompt.
                let line = &self.text[self.at..line_end(self.text, self.at)];
                let body = line.trim_start();
                if body.starts_with("> ") {
                    self.at += line.len() - body.len() + 2;
                }
            } else {
                return;
            }
        }
    }

    /// Length of a placeholder such as `<path to it>` at this place.
    fn placeholder(&self) -> Option<usize> {
        let rest = &self.text[self.at..];
        let body = rest.strip_prefix('<')?;
        let end = body.find(['>', '\n', '<'])?;
        let inner = &body[..end];
        let named = inner.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && inner.chars().all(|c| c.is_alphanumeric() || " _-./:|'@#,".contains(c));
        // `<file >out` reads from one file and writes to another.
        (body[end..].starts_with('>') && named && !inner.ends_with(' ')).then_some(end + 2)
    }

    /// One word: nothing where none begins, `None` where a quote is left open.
    #[expect(clippy::option_option, reason = "open quote, no word, and a word are three answers")]
    fn word(&mut self) -> Option<Option<Word>> {
        let start = self.at;
        let mut word = Word { text: String::new(), start, end: start, open: false, quoted: false };
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | '&' | ')' | '>' => break,
                '(' if !word.text.ends_with('$') => break,
                '<' => {
                    if let Some(length) = self.placeholder() {
                        word.text.push_str(&self.text[self.at..self.at + length]);
                        word.open = true;
                        self.at += length;
                    } else if self.text[self.at..].starts_with("<(") && word.text.is_empty() {
                        self.at += 1;
                        word.open = true;
                        self.nested(&mut word)?;
                    } else {
                        break;
                    }
                }
                '\'' => {
                    let body = &self.text[self.at + 1..];
                    let end = body.find('\'')?;
                    word.text.push_str(&body[..end]);
                    word.quoted = true;
                    self.at += end + 2;
                }
                '"' => self.double(&mut word)?,
                '`' => {
                    let body = &self.text[self.at + 1..];
                    if body.trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
                        break;
                    }
                    let end = body.find('`')?;
                    word.text.push_str(&self.text[self.at..self.at + end + 2]);
                    word.open = true;
                    self.at += end + 2;
                }
                '\\' => {
                    let rest = &self.text[self.at + 1..];
                    if rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
                        break;
                    }
                    let escaped = rest.chars().next();
                    word.text.extend(escaped);
                    self.at += 1 + escaped.map_or(0, char::len_utf8);
                }
                '$' => {
                    word.open = true;
                    if self.text[self.at..].starts_with("$(") {
                        word.text.push('$');
                        self.at += 1;
                        self.nested(&mut word)?;
                    } else if self.text[self.at..].starts_with("${") {
                        let length = self.text[self.at..].find('}')? + 1;
                        word.text.push_str(&self.text[self.at..self.at + length]);
                        self.at += length;
                    } else {
                        word.text.push('$');
                        self.at += 1;
                    }
                }
                _ => {
                    word.text.push(next);
                    self.at += next.len_utf8();
                }
            }
        }
        word.end = self.at;
        word.open |= ["{{", "...", "\u{2026}", "%%", "[", "YOUR", "your-", "your_"]
            .iter()
            .any(|sign| word.text.contains(sign));
        Some((self.at > start).then_some(word))
    }

    /// A `"…"` string.
    fn double(&mut self, word: &mut Word) -> Option<()> {
        self.at += 1;
        word.quoted = true;
        loop {
            let next = self.peek()?;
            self.at += next.len_utf8();
            match next {
                '"' => return Some(()),
                '\\' => {
                    let escaped = self.peek()?;
                    self.at += escaped.len_utf8();
                    if escaped != '\n' {
                        word.text.push(escaped);
                    }
                }
                '$' if self.text[self.at..].starts_with('(') => {
                    word.open = true;
                    word.text.push('$');
                    self.nested(word)?;
                }
                _ => {
                    word.open |= next == '$' || next == '`';
                    word.text.push(next);
                }
            }
        }
    }

    /// A parenthesised substitution, as text.
    fn nested(&mut self, word: &mut Word) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let next = self.peek()?;
            self.at += next.len_utf8();
            word.text.push(next);
            match next {
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }

    /// Where the next statement begins, behind the bodies of this one's heredocs.
    fn after_heredocs(&mut self) -> usize {
        let mut at = line_end(self.text, self.at) + 1;
        for end_word in std::mem::take(&mut self.heredocs) {
            while at < self.text.len() {
                let end = line_end(self.text, at);
                let line = self.text[at..end].trim();
                at = end + 1;
                if line == end_word {
                    break;
                }
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        commands(text).into_iter().map(|words| words.into_iter().map(|word| word.text).collect()).collect()
    }

    #[test]
    fn lines_are_cut_as_a_reader_would_type_them() {
        assert_eq!(
            words("$ docker run \\\n>  -v \"$PWD:/w\" a | jq . # show\nUsage: docker\n"),
            [vec!["docker", "run", "-v", "$PWD:/w", "a"], vec!["jq", "."]]
        );
        assert_eq!(words("docker run `\n  -d a\n"), [["docker", "run", "-d", "a"]]);
        assert_eq!(
            words("A=1 docker pull <image name>:1 2>err >out\n"),
            [["A=1", "docker", "pull", "<image name>:1"]]
        );
        assert_eq!(words("docker load <a.tar\n"), [["docker", "load"]]);
        assert_eq!(words("cat <<EOF\ndocker run\nEOF\ndocker ps\n"), [vec!["cat"], vec!["docker", "ps"]]);
        assert_eq!(
            words("docker run $(docker build -q .) a && docker ps"),
            [vec!["docker", "run", "$(docker build -q .)", "a"], vec!["docker", "ps"]]
        );
        assert_eq!(words("echo 'a\ndocker ps\n"), Vec::<Vec<String>>::new());
        assert_eq!(words("root@box:~# docker ps\n"), [["docker", "ps"]]);
    }

    #[test]
    fn nothing_breaks_it() {
        for text in [
            "", "$", "$ ", "<", "<(", "$(", "${", "`", "\\", "a\\", "\"", "((", "))", "<<", "<<-", "> ",
            "é`é", "a <é> b", "$(\n", "& > <",
        ] {
            let _ = commands(text);
            let _ = inline(text);
        }
    }
}
