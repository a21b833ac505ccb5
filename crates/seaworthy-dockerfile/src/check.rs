//! What BuildKit checks beyond words: flags, ports, signals, substitutions.

use crate::expand::{ExpandError, Mode, expand};
use crate::instruction::Reader;
use crate::keyword::FlagType;
use crate::text::{short, suggest};
use crate::tree::{ErrorKind, Flag, Healthcheck, Instruction, Keyword, Kind, Phase, Word};
use crate::{duration, mounts, port};

impl Reader<'_> {
    pub(crate) fn check(&mut self, instruction: &mut Instruction) {
        self.check_flags(instruction);
        for word in expanded_words(instruction) {
            self.check_word(word);
        }
        self.check_odd(instruction);
        if let Kind::Expose { ports } = &instruction.kind {
            for word in ports.iter().filter(|word| !word.has_variable()) {
                if !port::is_valid(&word.unquoted()) {
                    self.error(
                        word.span,
                        ErrorKind::BadPort,
                        true,
                        Phase::Build,
                        match word.raw.strip_suffix(',') {
                            Some(port) if port::is_valid(port) => {
                                format!("ports are parted by blanks; write {port} without the comma")
                            }
                            _ => format!(
                                "{} is no port; write a number up to 65535, a range, and /tcp or /udp",
                                short(&word.raw)
                            ),
                        },
                    );
                }
            }
        }
    }

    fn check_flags(&mut self, instruction: &Instruction) {
        // BuildKit never looks at the flags of these.
        let ignored = matches!(instruction.keyword, Keyword::Arg | Keyword::Stopsignal | Keyword::Unknown)
            || matches!(instruction.kind, Kind::Healthcheck(Healthcheck::None));
        if ignored {
            return;
        }
        let known = instruction.keyword.flags();
        for (at, flag) in instruction.flags.iter().enumerate() {
            let Some((_, typ)) = known.iter().find(|(name, _)| *name == flag.name) else {
                self.unknown_flag(instruction.keyword, flag);
                continue;
            };
            let again = instruction.flags[..at].iter().any(|earlier| earlier.name == flag.name);
            if again && *typ != FlagType::List {
                self.flag_error(
                    flag,
                    ErrorKind::DuplicateFlag,
                    format!("--{} is given twice; keep one", flag.name),
                );
            }
            self.check_value(instruction.keyword, flag, *typ);
        }
    }

    fn flag_error(&mut self, flag: &Flag, kind: ErrorKind, message: String) {
        self.error(flag.span, kind, true, Phase::Instructions, message);
    }

    fn unknown_flag(&mut self, keyword: Keyword, flag: &Flag) {
        let names = keyword.flags().iter().map(|(name, _)| *name);
        let message = match suggest(&flag.name, names.clone()) {
            Some(name) => format!("{keyword} has no flag --{}; write --{name}", short(&flag.name)),
            None if keyword.flags().is_empty() => {
                format!("{keyword} takes no flags; write -- before an argument that begins with --")
            }
            None => {
                let list: Vec<String> = names.map(|name| format!("--{name}")).collect();
                format!("{keyword} has no flag --{}; use one of {}", short(&flag.name), list.join(", "))
            }
        };
        self.flag_error(flag, ErrorKind::UnknownFlag, message);
    }

    fn check_value(&mut self, keyword: Keyword, flag: &Flag, typ: FlagType) {
        let name = &flag.name;
        let value = flag.value.as_ref();
        match (typ, value) {
            (FlagType::Bool, None) => {}
            (FlagType::Bool, Some(value)) => {
                if !value.raw.eq_ignore_ascii_case("true") && !value.raw.eq_ignore_ascii_case("false") {
                    let message = format!("--{name} is true or false; write --{name} or --{name}=false");
                    self.flag_error(flag, ErrorKind::BadFlagValue, message);
                }
            }
            (FlagType::Text | FlagType::List, None) => {
                let message = format!("--{name} needs a value joined by '='; write --{name}=value");
                self.flag_error(flag, ErrorKind::BadFlagValue, message);
            }
            (FlagType::Text | FlagType::List, Some(value)) => self.check_text_value(keyword, flag, value),
        }
    }

    fn check_text_value(&mut self, keyword: Keyword, flag: &Flag, value: &Word) {
        let name = flag.name.as_str();
        match (keyword, name) {
            (Keyword::Run, "mount") => {
                for problem in mounts::parse(value).problems {
                    self.error(problem.span, ErrorKind::BadMount, true, problem.phase, problem.message);
                }
            }
            (Keyword::Run, "network") if !matches!(value.raw.as_str(), "default" | "none" | "host") => {
                self.flag_error(
                    flag,
                    ErrorKind::BadFlagValue,
                    "--network is default, none or host; write one of them".to_owned(),
                );
            }
            (Keyword::Run, "security") if !matches!(value.raw.as_str(), "sandbox" | "insecure") => {
                self.flag_error(
                    flag,
                    ErrorKind::BadFlagValue,
                    "--security is sandbox or insecure; write one of them".to_owned(),
                );
            }
            (Keyword::Run, "device") if !mounts::is_device(value) => {
                self.flag_error(
                    flag,
                    ErrorKind::BadFlagValue,
                    "--device is one name and maybe required; write --device=vendor/class=name,required"
                        .to_owned(),
                );
            }
            (Keyword::Healthcheck, "retries") => self.check_retries(flag, value),
            (Keyword::Healthcheck, _) if !value.raw.is_empty() => {
                let nanoseconds = duration::parse_go(&value.raw);
                if !nanoseconds.is_some_and(|time| time == 0 || time >= 1_000_000) {
                    let number = value.raw.len() < 6 && value.raw.bytes().all(|byte| byte.is_ascii_digit());
                    let example = if number { value.raw.as_str() } else { "30" };
                    let message = format!(
                        "--{name} is a time with a unit, 0 or at least 1ms; write --{name}={example}s"
                    );
                    self.flag_error(flag, ErrorKind::BadFlagValue, message);
                }
            }
            (Keyword::Copy, "from") if value.has_variable() => self.error(
                value.span,
                ErrorKind::VariableNotSupported,
                true,
                Phase::Build,
                "--from takes no variables; write FROM image AS name for the image and use that name",
            ),
            (Keyword::From, "platform") | (Keyword::Copy | Keyword::Add, "chown" | "chmod" | "checksum") => {
                self.check_word(value);
            }
            _ => {}
        }
    }

    fn check_retries(&mut self, flag: &Flag, value: &Word) {
        let number = value.raw.trim_start_matches('+').parse::<i32>();
        if !value.raw.is_empty() && !number.is_ok_and(|number| number >= 0) {
            let message = "--retries is a number that is not negative; write --retries=3".to_owned();
            self.flag_error(flag, ErrorKind::BadFlagValue, message);
        }
    }

    /// Finds broken quotes and substitutions; what depends on values is not judged here.
    fn check_word(&mut self, word: &Word) {
        let Err(error) = expand(&word.raw, &|_| Some("x".to_owned()), self.escape, Mode::WORD) else {
            return;
        };
        if matches!(error, ExpandError::Required { .. }) {
            return;
        }
        self.error(word.span, ErrorKind::BadWord, true, Phase::Build, error.to_string());
    }
}

/// The arguments in which BuildKit expands variables.
pub(crate) fn expanded_words(instruction: &Instruction) -> Vec<&Word> {
    match &instruction.kind {
        Kind::From { image, .. } => vec![image],
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            sources.iter().chain(dest).collect()
        }
        Kind::Env { pairs, .. } | Kind::Label { pairs, .. } => {
            pairs.iter().flat_map(|pair| [&pair.key, &pair.value]).collect()
        }
        Kind::Arg { args } => {
            args.iter().flat_map(|arg| std::iter::once(&arg.name).chain(&arg.default)).collect()
        }
        Kind::Expose { ports } => ports.iter().collect(),
        Kind::User(word) | Kind::Workdir(word) | Kind::Stopsignal(word) => vec![word],
        Kind::Volume { paths, .. } => paths.iter().collect(),
        _ => Vec::new(),
    }
}
