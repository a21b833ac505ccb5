//! Signals and modes BuildKit refuses, and words it accepts although nobody means them.

use crate::instruction::Reader;
use crate::text::{short, suggest};
use crate::tree::{ErrorKind, Instruction, Kind, Phase, Word};

/// Signal names of Linux without `SIG`; the real-time ones have numbers behind them.
const SIGNALS: [&str; 38] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX", "WINDOW", "UNUSED",
];

/// What is wrong with a signal: names are in any case, with `SIG` or without, or a number that is not 0.
pub(crate) fn strange_signal(text: &str) -> Option<String> {
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let base = name.split(['+', '-']).next().unwrap_or(name);
    let real_time = matches!(base, "RTMIN" | "RTMAX");
    let known = match text.parse::<i64>() {
        Ok(number) => number != 0,
        Err(_) => SIGNALS[..36].contains(&name) || (real_time && base.len() < name.len()),
    };
    if known {
        return None;
    }
    Some(match suggest(name, SIGNALS[..36].iter().copied()) {
        Some(near) => format!("{} is no signal; write SIG{near}", short(text)),
        None => format!("{} is no signal; write a name such as SIGTERM, or its number", short(text)),
    })
}

impl Reader<'_> {
    pub(crate) fn check_odd(&mut self, instruction: &Instruction) {
        match &instruction.kind {
            Kind::Stopsignal(word) if !word.has_variable() && !word.raw.is_empty() => self.signal(word),
            Kind::Env { pairs, legacy: true } | Kind::Label { pairs, legacy: true } => {
                let spaced = pairs.iter().find(|pair| pair.value.raw.starts_with('='));
                if let Some(pair) = spaced {
                    let name = short(&pair.key.raw);
                    let message = format!(
                        "the value begins with \"=\"; write {} {name}=value without blanks around the sign",
                        instruction.keyword
                    );
                    self.odd(&pair.value, ErrorKind::BadKeyValue, message);
                }
            }
            Kind::User(word) if word.unquoted().contains(char::is_whitespace) && self.inline.is_none() => {
                let message =
                    format!("the user's name becomes {:?}; write one name or number", short(&word.raw));
                self.odd(word, ErrorKind::TooManyArguments, message);
            }
            Kind::Copy { sources, .. } | Kind::Add { sources, .. } => {
                self.transfer_words(instruction, sources);
            }
            _ => {}
        }
        for word in crate::check::expanded_words(instruction) {
            if word.raw.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'])
                && !word.json
            {
                let message = "these quotes are letters to BuildKit; write straight ones: \" or '".to_owned();
                self.odd(word, ErrorKind::Typographic, message);
            }
        }
    }

    fn odd(&mut self, word: &Word, kind: ErrorKind, message: String) {
        self.error(word.span, kind, false, Phase::Build, message);
    }

    fn signal(&mut self, word: &Word) {
        if let Some(message) = strange_signal(&word.unquoted()) {
            self.error(word.span, ErrorKind::BadSignal, true, Phase::Build, message);
        }
    }

    /// Flags with one dash, URLs that only ADD takes, and modes that are none.
    fn transfer_words(&mut self, instruction: &Instruction, sources: &[Word]) {
        let keyword = instruction.keyword;
        for word in sources {
            let dashed = word.raw.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            let name = dashed.and_then(|rest| rest.split('=').next());
            if let Some((known, _)) = keyword.flags().iter().find(|(known, _)| Some(*known) == name) {
                let message = format!("-{known} with one dash is the name of a file; write --{known}");
                self.odd(word, ErrorKind::UnknownFlag, message);
            }
            let web = ["http://", "https://"].iter().any(|start| word.raw.starts_with(start));
            if web && matches!(instruction.kind, Kind::Copy { .. }) {
                let message = "COPY takes files only; write ADD for a URL".to_owned();
                self.error(word.span, ErrorKind::BadWord, true, Phase::Build, message);
            }
        }
        if let Some(mode) = instruction.flag_value("chmod").filter(|mode| !mode.has_variable())
            && !is_mode(&mode.raw)
        {
            let message =
                format!("{:?} is no mode; write up to four octal digits such as 0755", short(&mode.raw));
            self.error(mode.span, ErrorKind::BadFlagValue, true, Phase::Build, message);
        }
    }
}

/// Octal digits up to 7777, or clauses such as `u+x,go=r`.
fn is_mode(text: &str) -> bool {
    if text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.is_empty() || u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777);
    }
    text.split(',').all(|clause| {
        let rest = clause.trim_start_matches(['u', 'g', 'o', 'a']);
        rest.starts_with(['+', '-', '='])
            && rest
                .chars()
                .all(|ch| matches!(ch, '+' | '-' | '=' | 'r' | 'w' | 'x' | 'X' | 's' | 't' | 'u' | 'g' | 'o'))
    })
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn errors(line: &str) -> Vec<(bool, String)> {
        let (_, errors) = parse(&format!("FROM a\n{line}\n"));
        errors.into_iter().map(|error| (error.fatal, error.message)).collect()
    }

    #[test]
    fn what_buildkit_refuses_is_fatal() {
        for line in [
            "STOPSIGNAL SIGTREM",
            "STOPSIGNAL 0",
            "STOPSIGNAL SIGTERM # x",
            "COPY --chmod=999 a b",
            "COPY --chmod=rwx a b",
            "COPY https://x/y /z",
        ] {
            assert!(errors(line).iter().any(|(fatal, _)| *fatal), "{line}");
        }
        for line in [
            "STOPSIGNAL term",
            "STOPSIGNAL 99",
            "STOPSIGNAL SIGRTMIN+3",
            "STOPSIGNAL $S",
            "COPY --chmod=u+x,go=r a b",
        ] {
            assert_eq!(errors(line), [], "{line}");
        }
    }

    #[test]
    fn what_nobody_means_is_told_and_builds() {
        for (line, part) in [
            ("ENV a = b", "ENV a=value"),
            ("COPY -from=a b c", "write --from"),
            ("USER a b", "one name"),
            ("ENV a=\u{201c}b\u{201d}", "straight"),
        ] {
            let found = errors(line);
            assert!(
                matches!(found.as_slice(), [(false, message)] if message.contains(part)),
                "{line}: {found:?}"
            );
        }
    }
}
