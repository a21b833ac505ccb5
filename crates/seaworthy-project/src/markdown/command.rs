//! Commands of container tools in documents, held against what those tools accept.

mod table;
mod words;

use seaworthy_facts::{CommandProblem, DocCommand, DocOption, OffsetTable, Spanned};
use seaworthy_finding::{Span, did_you_mean};
use table::Verb;
use words::Word;

/// Languages whose blocks hold commands a reader types.
const SHELLS: [&str; 15] = [
    "",
    "sh",
    "bash",
    "shell",
    "zsh",
    "fish",
    "console",
    "shell-session",
    "sh-session",
    "shellsession",
    "terminal",
    "text",
    "cmd",
    "powershell",
    "pwsh",
];

/// Whether a fence of that language holds commands.
pub(crate) fn is_shell(language: &str) -> bool {
    SHELLS.contains(&language.to_ascii_lowercase().as_str())
}

/// The commands of a code block.
pub(crate) fn block(text: &str, pieces: &OffsetTable) -> Vec<DocCommand> {
    words::commands(text).iter().filter_map(|words| read(words, text, pieces, false)).collect()
}

/// The commands of inline code in a sentence.
pub(crate) fn inline(text: &str, start: usize) -> Vec<DocCommand> {
    let pieces = OffsetTable(vec![(0, start)]);
    let mut found: Vec<DocCommand> =
        words::inline(text).iter().filter_map(|words| read(words, text, &pieces, true)).collect();
    // A sentence names a command more often than it gives it whole.
    found.retain(|command| !command.operands.is_empty());
    found
}

/// Reads one command, where it is one of a container tool.
fn read(words: &[Word], text: &str, pieces: &OffsetTable, inline: bool) -> Option<DocCommand> {
    let words = behind_wrappers(words);
    let (first, rest) = words.split_first()?;
    let program = first.text.rsplit('/').next()?;
    if !matches!(program, "docker" | "podman" | "docker-compose" | "cosign" | "crane") || first.open {
        return None;
    }
    let last = words.last()?;
    let mut reader = Reader {
        pieces,
        text,
        elided: words.iter().any(|word| elision(&word.text)),
        command: DocCommand {
            program: if program == "docker-compose" { "docker".to_owned() } else { program.to_owned() },
            verb: String::new(),
            span: pieces.span(Span::new(first.start, last.end))?,
            options: Vec::new(),
            operands: Vec::new(),
            problems: Vec::new(),
            inline,
        },
    };
    reader.run(program, rest, first);
    let mut command = reader.command;
    if inline {
        command.problems.retain(|problem| problem.message.starts_with("`-"));
    }
    Some(command)
}

/// The words from the program on: assignments and `sudo` left out.
fn behind_wrappers(words: &[Word]) -> &[Word] {
    let mut at = 0;
    let mut wrapped = false;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        let assignment = text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        let wrapper = matches!(
            text,
            "sudo"
                | "time"
                | "env"
                | "exec"
                | "command"
                | "if"
                | "then"
                | "do"
                | "else"
                | "while"
                | "!"
                | "winpty"
                | "{"
        );
        wrapped |= wrapper;
        // Options of `sudo` that take no value.
        let option = wrapped && matches!(text, "-E" | "-n" | "-H" | "-i" | "-S" | "--preserve-env" | "-p");
        if !assignment && !wrapper && !option {
            break;
        }
        at += 1;
    }
    &words[at..]
}

/// Whether a word stands for further words the author left out.
fn elision(text: &str) -> bool {
    matches!(text, "..." | "\u{2026}" | "[...]" | "[\u{2026}]" | "<...>" | "etc." | "etc" | "…]")
        || text.ends_with("...")
        || text.starts_with("[...")
        || (text.starts_with('[')
            && (text.ends_with(']') || text.to_ascii_uppercase().starts_with("[OPTION")))
        || text.to_ascii_uppercase().contains("OPTIONS")
        || (text.starts_with('<')
            && ["options", "flags", "args", "other", "run"].iter().any(|word| text.contains(word)))
}

struct Reader<'a> {
    pieces: &'a OffsetTable,
    text: &'a str,
    elided: bool,
    command: DocCommand,
}

impl Reader<'_> {
    fn run(&mut self, program: &str, words: &[Word], first: &Word) {
        let mut rest = words;
        let mut name = self.command.program.clone();
        if program == "docker-compose" {
            name.push_str(" compose");
        }
        loop {
            rest = Self::globals(&name, rest);
            let Some((next, after)) = rest.split_first() else { break };
            if next.open || elision(&next.text) {
                self.elided = true;
                break;
            }
            let longer = format!("{name} {}", next.text);
            let group = matches!(
                longer.as_str(),
                "docker container" | "docker image" | "podman container" | "podman image"
            );
            let known = group
                || table::verb(&longer).is_some()
                || [
                    "docker compose",
                    "docker buildx",
                    "docker buildx imagetools",
                    "docker network",
                    "docker volume",
                    "docker system",
                    "docker manifest",
                    "docker context",
                    "docker service",
                    "docker stack",
                    "docker swarm",
                    "docker secret",
                    "docker builder",
                    "podman compose",
                    "podman manifest",
                    "podman network",
                    "podman volume",
                    "podman pod",
                    "cosign download",
                ]
                .contains(&longer.as_str());
            if !known {
                if name == "docker"
                    && let Some(meant) = table::meant(&next.text)
                    && !self.command.inline
                {
                    self.problem(
                        next,
                        format!("docker has no command `{}`", next.text),
                        format!("write `docker {meant}`"),
                        Some(meant.to_owned()),
                    );
                }
                return;
            }
            rest = after;
            name = if group {
                // `docker container run` is `docker run`.
                match rest.first() {
                    Some(verb)
                        if table::verb(&format!("{name} {}", verb.text)).is_some()
                            && table::verb(&format!("{longer} {}", verb.text)).is_none() =>
                    {
                        name
                    }
                    _ => longer,
                }
            } else {
                longer
            };
            if table::verb(&name).is_some() {
                break;
            }
        }
        name.split_once(' ').map_or("", |(_, verb)| verb).clone_into(&mut self.command.verb);
        if name == "podman compose" {
            self.command.verb = String::new();
            return;
        }
        if let Some(verb) = table::verb(&name) {
            self.options(&name, verb, rest, first);
        }
    }

    /// Steps over the options a program takes before its subcommand.
    fn globals<'w>(name: &str, mut words: &'w [Word]) -> &'w [Word] {
        let known = table::global(name);
        while let Some((word, rest)) = words.split_first() {
            let Some(body) = word.text.strip_prefix('-').filter(|_| !word.quoted) else { break };
            words = rest;
            let value = if let Some(long) = body.strip_prefix('-') {
                known.iter().any(|(name, _, value)| *name == long && *value)
            } else {
                body.chars().count() == 1
                    && known.iter().any(|(_, letter, value)| body.starts_with(*letter) && *value)
            };
            if value {
                words = words.get(1..).unwrap_or_default();
            }
        }
        words
    }

    fn options(&mut self, name: &str, verb: &'static Verb, words: &[Word], first: &Word) {
        let docker = self.command.program == "docker";
        let mut at = 0;
        let mut ended = false;
        while let Some(word) = words.get(at) {
            at += 1;
            let text = word.text.as_str();
            let option = !ended && text.len() > 1 && text.starts_with('-') && !elision(text);
            if !option {
                self.operand(word);
                ended |= verb.stops;
                continue;
            }
            if text == "--" {
                ended = true;
                continue;
            }
            if let Some(long) = text.strip_prefix("--") {
                let (long, value) =
                    long.split_once('=').map_or((long, None), |(long, value)| (long, Some(value)));
                if word.open && value.is_none() {
                    self.elided = true;
                    continue;
                }
                match verb.long.get(long) {
                    Some(true) => {
                        let given = if let Some(value) = value {
                            let start = word.end - value.len().min(word.end - word.start);
                            self.place(start, word.end).map(|span| Spanned { value: value.to_owned(), span })
                        } else {
                            let next = words.get(at);
                            at += 1;
                            next.and_then(|next| self.value(next))
                        };
                        if given.is_none() && !self.elided {
                            self.problem(
                                word,
                                format!("`{text}` stands without its value"),
                                format!("write `{text}` with a value"),
                                None,
                            );
                        }
                        self.option(long, given, word);
                    }
                    Some(false) => self.option(long, None, word),
                    None => {
                        if long == "help" || word.open {
                            continue;
                        }
                        let meant = did_you_mean(long, verb.long.keys().copied());
                        if docker || meant.is_some() {
                            self.unknown(name, word, &format!("--{long}"), meant);
                        }
                        // Whether a value follows is unknown.
                        self.elided = true;
                        self.option(long, None, word);
                    }
                }
                continue;
            }
            at = self.letters(name, verb, words, at);
        }
        self.count(name, verb, first);
    }

    /// Short options in one word, such as `-it` and `-p80:80`; gives the place of the next word.
    fn letters(&mut self, name: &str, verb: &'static Verb, words: &[Word], mut at: usize) -> usize {
        let word = &words[at - 1];
        let body = &word.text[1..];
        if let Some(long) =
            verb.long.get_key_value(body.split('=').next().unwrap_or(body)).map(|(long, _)| *long)
            && body.chars().count() > 2
            && body.chars().next().is_some_and(|letter| !verb.short.contains_key(&letter))
        {
            self.problem(
                word,
                format!("`-{body}` is read as single letters"),
                format!("write `-{}`", word.text),
                Some(format!("-{}", word.text)),
            );
            self.elided = true;
            self.option(long, None, word);
            return at;
        }
        for (offset, letter) in body.char_indices() {
            let Some(long) = verb.short.get(&letter).copied() else {
                if letter == 'h' {
                    self.option("help", None, word);
                    continue;
                }
                let plain = body.chars().all(|c| c.is_ascii_alphabetic());
                if self.command.program == "docker" && plain && !word.open {
                    self.unknown(name, word, &format!("-{letter}"), None);
                }
                self.elided = true;
                return at;
            };
            if verb.long.get(long) != Some(&true) {
                // `-d=true`.
                self.option(long, None, word);
                if body[offset + 1..].starts_with('=') {
                    return at;
                }
                continue;
            }
            let tail = body[offset + 1..].trim_start_matches('=');
            let given = if tail.is_empty() {
                let next = words.get(at);
                at += 1;
                next.and_then(|next| self.value(next))
            } else {
                let start = word.end - tail.len().min(word.end - word.start);
                self.place(start, word.end).map(|span| Spanned { value: tail.to_owned(), span })
            };
            if given.is_none() && !self.elided {
                self.problem(
                    word,
                    format!("`{}` stands without its value", word.text),
                    format!("write `--{long}` with a value"),
                    None,
                );
            }
            self.option(long, given, word);
            return at;
        }
        at
    }

    /// Reports too few or too many operands, and options behind the image.
    fn count(&mut self, name: &str, verb: &Verb, first: &Word) {
        if self.elided || self.command.has("help") {
            return;
        }
        let given = self.command.operands.len();
        let all_tags = self.command.has("all-tags");
        if given < verb.least && !all_tags {
            let what = match name.rsplit(' ').next() {
                Some("run" | "create" | "pull" | "push" | "rmi" | "save" | "history")
                    if !name.contains("compose") =>
                {
                    "image"
                }
                Some("build") => "build context",
                Some("exec" | "run") if name.contains("compose") => "service",
                Some("exec" | "logs" | "stop" | "start" | "restart" | "rm" | "kill" | "attach") => {
                    "container"
                }
                _ => "argument",
            };
            let help = match what {
                "build context" => "end it with the context's directory, such as `.`".to_owned(),
                _ => format!("name the {what}"),
            };
            let message = if given == 0 {
                format!("`{name}` names no {what}")
            } else {
                format!("`{name}` needs {} arguments and has {given}", verb.least)
            };
            self.problem(first, message, help, None);
            if let Some(problem) = self.command.problems.last_mut() {
                problem.span = self.command.span;
            }
        } else if let Some(most) = verb.most.filter(|most| given > *most) {
            let extra = self.command.operands[most].clone();
            // A sentence's full stop or a placeholder in several words is no argument.
            let words_of_placeholder = extra.value.ends_with(['>', ']', '.', ',']) && extra.value != ".";
            if !words_of_placeholder
                && !self.command.operands.iter().any(|operand| operand.value.starts_with(['<', '[']))
            {
                self.command.problems.push(CommandProblem {
                    span: extra.span,
                    message: format!(
                        "`{name}` takes {most} argument{} and has {given}",
                        if most == 1 { "" } else { "s" }
                    ),
                    help: "remove this word, or quote what belongs together".to_owned(),
                    instead: None,
                });
            }
        }
        if matches!(self.command.verb.as_str(), "run" | "create") {
            self.behind_image(verb);
        }
    }

    /// Options of `run` that stand behind the image and so are given to the program in it.
    fn behind_image(&mut self, verb: &Verb) {
        let words = self.command.operands.clone();
        let Some(image) = words.first() else { return };
        // Behind a command they are that command's own.
        for (at, word) in words.iter().enumerate().skip(1) {
            let text = word.value.as_str();
            let next = words.get(at + 1).map_or("", |next| next.value.as_str());
            let ours = match text {
                "-p" | "--publish" => {
                    let ports: Vec<&str> = next.split('/').next().unwrap_or_default().split(':').collect();
                    ports.len() >= 2 && ports.iter().rev().take(2).all(|port| port.parse::<u16>().is_ok())
                }
                "-v" | "--volume" => next.split_once(':').is_some_and(|(_, inside)| inside.starts_with('/')),
                "-e" | "--env" => next.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty()
                        && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
                }),
                "--rm" | "-it" | "-ti" | "--detach" | "--restart" | "--network" | "--gpus"
                | "--read-only" | "--privileged" => at == 1,
                "-d" => at == 1 && words.len() == 2,
                _ if text.starts_with("--") => {
                    let long = text.trim_start_matches('-').split('=').next().unwrap_or_default();
                    at == 1
                        && verb.long.contains_key(long)
                        && matches!(
                            long,
                            "cap-add"
                                | "cap-drop"
                                | "security-opt"
                                | "shm-size"
                                | "env-file"
                                | "volumes-from"
                                | "pids-limit"
                                | "add-host"
                                | "health-cmd"
                                | "publish"
                                | "mount"
                                | "tmpfs"
                                | "restart"
                        )
                }
                _ => false,
            };
            if ours {
                self.command.problems.push(CommandProblem {
                    span: word.span,
                    message: format!(
                        "`{text}` stands behind the image `{}`, so the program in it gets it",
                        image.value
                    ),
                    help: format!("write `{text}` before the image"),
                    instead: None,
                });
                return;
            }
            if !text.starts_with('-') && at == 1 && !text.contains(':') && !text.contains('=') {
                return;
            }
        }
    }

    fn operand(&mut self, word: &Word) {
        if elision(&word.text) {
            self.elided = true;
        }
        if let Some(operand) = self.value(word) {
            self.command.operands.push(operand);
        }
    }

    fn value(&self, word: &Word) -> Option<Spanned<String>> {
        Some(Spanned { value: word.text.clone(), span: self.place(word.start, word.end)? })
    }

    fn option(&mut self, name: &str, value: Option<Spanned<String>>, word: &Word) {
        if let Some(span) = self.place(word.start, word.end) {
            self.command.options.push(DocOption { name: name.to_owned(), value, span });
        }
    }

    fn unknown(&mut self, name: &str, word: &Word, shown: &str, meant: Option<&str>) {
        let help = match (meant, name, shown) {
            (_, "docker pull", "--no-cache") => {
                "remove it: `docker pull` always asks the registry".to_owned()
            }
            (Some(meant), ..) => format!("write `--{meant}`"),
            (None, ..) => format!("see `{name} --help`"),
        };
        let instead = meant.map(|meant| {
            let own = &self.text[word.start..word.end];
            own.replacen(shown, &format!("--{meant}"), 1)
        });
        self.problem(word, format!("`{shown}` is no option of `{name}`"), help, instead);
    }

    fn problem(&mut self, word: &Word, message: String, help: String, instead: Option<String>) {
        if let Some(span) = self.place(word.start, word.end) {
            self.command.problems.push(CommandProblem { span, message, help, instead });
        }
    }

    fn place(&self, start: usize, end: usize) -> Option<Span> {
        self.pieces.span(Span::new(start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> DocCommand {
        let mut all = block(text, &OffsetTable(vec![(0, 0)]));
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all.remove(0)
    }

    fn problems(text: &str) -> Vec<String> {
        one(text).problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn options_and_operands_are_told_apart() {
        let text = "sudo docker container run -it --rm -p127.0.0.1:80:8080/tcp --env=A=b -v \"$PWD:/w\" ghcr.io/acme/app:1 serve -p 1:1\n";
        let command = one(text);
        assert_eq!((command.program.as_str(), command.verb.as_str()), ("docker", "run"));
        assert_eq!(command.image().map(|image| image.value.as_str()), Some("ghcr.io/acme/app:1"));
        let ports: Vec<_> = command.values("publish").map(|value| value.span.of(text)).collect();
        assert_eq!(ports, ["127.0.0.1:80:8080/tcp"]);
        assert_eq!(command.values("env").next().map(|value| value.span.of(text)), Some("A=b"));
        assert!(command.has("tty") && command.has("interactive") && command.has("rm"));
        assert_eq!(command.problems, []);
    }

    #[test]
    fn what_docker_refuses_is_a_problem() {
        for (text, message) in [
            ("docker run -d -p 8080:8080", "`docker run` names no image"),
            ("docker run --prot 8080:8080 app", "`--prot` is no option of `docker run`"),
            ("docker pull --no-cache app", "`--no-cache` is no option of `docker pull`"),
            ("docker build -t app", "`docker build` names no build context"),
            ("docker biuld .", "docker has no command `biuld`"),
            ("docker run app -p 80:80", "`-p` stands behind the image `app`, so the program in it gets it"),
            ("cosign verify -key k.pub app", "`-key` is read as single letters"),
            ("docker compose up -x", "`-x` is no option of `docker compose up`"),
            ("docker pull a b", "`docker pull` takes 1 argument and has 2"),
            ("docker run -e", "`-e` stands without its value"),
        ] {
            assert_eq!(problems(text).first().map(String::as_str), Some(message), "{text}");
        }
    }

    #[test]
    fn what_docker_takes_is_none() {
        for text in [
            "docker run [OPTIONS] IMAGE",
            "docker run ... app",
            "docker run --rm --net grid app --workers 4",
            "docker compose -f a.yml -p x --profile dev up -d --build web",
            "docker-compose up -d",
            "docker build -t a -f b/Dockerfile --build-arg A=1 .",
            "docker run --rm -it app sh -c 'a -p 1:1'",
            "docker login ghcr.io -u USERNAME --password-stdin",
            "docker buildx build --platform linux/amd64,linux/arm64 -t a --push .",
            "docker run -dit --name topdemo2 alpine /usr/bin/top -b",
            "docker exec -it web sh",
            "docker run --help",
            "docker run $OPTS",
            "docker desktop start",
            "docker pull <your image>",
            "docker push -a app",
            "docker ps -aq",
            "docker run --gpus all --shm-size 1g -p 8080:80 -v $volume:/data img --model-id $model",
        ] {
            assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_sentence_is_held_to_less() {
        assert_eq!(inline("docker run", 0), []);
        assert_eq!(inline("docker pull --no-cache app", 7)[0].problems.len(), 1);
        assert_eq!(inline("docker exec web", 0)[0].problems, []);
    }
}
