//! What holds for every text: no panic, spans that fit, nothing lost, the same tree each time.
//!
//! Texts are a set of Dockerfiles that touch every part of the language, and thousands of mutations of them. With
//! `SEAWORTHY_CORPUS` set to a directory that has `dockerfile-lang/parse.json`, its Dockerfiles are taken too.

use seaworthy_dockerfile::{
    Command, Dockerfile, Instruction, Kind, Span, Word, expand, ignore, parse, scope,
};

const SEEDS: [&str; 12] = [
    "# syntax=docker/dockerfile:1\n# escape=\\\nARG A=1\nFROM --platform=$BUILDPLATFORM img:${A} AS b\nRUN a \\\n  # c\n\n  && b\n",
    "# escape=`\nFROM x\nRUN dir `\n  c:\\\nCOPY a `\n b\n",
    "FROM x\nRUN <<EOF\nline\nEOF\nCOPY <<-\"A\" 3<<B /d/\n\tone\n\tA\ntwo\nB\nONBUILD RUN <<E\nE\n",
    "FROM x\nCMD [\"a\", \"\\u00e9\\n\", \"\\ud83d\\ude00\"]\nENTRYPOINT [ ]\nSHELL [\"/bin/sh\", \"-c\"]\nVOLUME [\"/a b\", \"/c\"]\n",
    "FROM x\nENV A=\"b c\" D='e f' G=h\\ i\nENV old style value\nLABEL \"a.b\"=\"c\" d=\nARG X Y=1 Z=\"a b\"\n",
    "FROM x\nRUN --mount=type=cache,target=/c,\"id=a,b\" --network=none --security=insecure --device=x y\nHEALTHCHECK --interval=1m30s --retries=2 CMD curl x\nHEALTHCHECK NONE\n",
    "FROM x\nEXPOSE 80 443/tcp 1-2/udp ${P:-8080} # no\nUSER a:b\nWORKDIR /a/${B#*/}/c\nSTOPSIGNAL SIGTERM\nMAINTAINER me\n",
    "FROM x\nENV A=${B:-${C:+${D%%.*}}} E=${F//a/b} G=\"$H${I?x}\" J='$K' L=\\$M N=$$ O=${\n",
    "\u{feff}FROM x\r\nRUN caf\u{e9} \\\r\n  \u{65e5}\u{672c} \u{1f600}\r\nCOPY --chown=\u{fc}:\u{fc} \"\u{e4}\" /\u{e4}\u{a0}b\r\n",
    "COPY a\nFORM x\n&& b\n// c\n[\"d\"]\nONBUILD ONBUILD FROM\nENV\nLABEL x\nCOPY --from=$X --chmod --link=maybe <<A <<B\n",
    "FROM x\nADD --checksum=sha256:0 --keep-git-dir=true --unpack --exclude=*.md https://e.x/a /b\nCOPY --parents --link a/./b c /d\n \n\t\n# end",
    "FROM a\nRUN x \\\n\\\n \\\n# y\nRUN z\\\\\nCMD [\"a\" \\\n, \"b\"] # c\nRUN 'a\nb' \"$(c)\"\n\\",
];

/// A small generator with a fixed seed, so every run tests the same texts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

fn check_span(span: Span, source: &str, what: &str) {
    assert!(source.get(span.start..span.end).is_some(), "{what} {span:?} does not fit {source:?}");
}

fn check_word(word: &Word, source: &str) {
    check_span(word.span, source, "word");
    for variable in word.variables() {
        check_span(variable.span, source, "variable");
    }
    let _ = word.unquoted();
    let _ = expand::expand(&word.raw, &|name| Some(name.to_lowercase()), word.escape(), expand::Mode::WORD);
}

fn words(kind: &Kind) -> Vec<&Word> {
    match kind {
        Kind::From { image, alias } => std::iter::once(image).chain(alias).collect(),
        Kind::Copy { sources, dest, .. } | Kind::Add { sources, dest, .. } => {
            sources.iter().chain(dest).collect()
        }
        Kind::Env { pairs, .. } | Kind::Label { pairs, .. } => {
            pairs.iter().flat_map(|pair| [&pair.key, &pair.value]).collect()
        }
        Kind::Arg { args } => {
            args.iter().flat_map(|arg| std::iter::once(&arg.name).chain(&arg.default)).collect()
        }
        Kind::Expose { ports: words } | Kind::Shell(words) | Kind::Volume { paths: words, .. } => {
            words.iter().collect()
        }
        Kind::User(word) | Kind::Workdir(word) | Kind::Stopsignal(word) | Kind::Maintainer(word) => {
            vec![word]
        }
        _ => Vec::new(),
    }
}

fn check_instruction(instruction: &Instruction, source: &str) {
    check_span(instruction.span, source, "instruction");
    check_span(instruction.keyword_span, source, "keyword");
    for flag in &instruction.flags {
        check_span(flag.span, source, "flag");
        flag.value.iter().for_each(|value| check_word(value, source));
    }
    for mount in instruction.mounts() {
        mount.fields.iter().for_each(|field| check_span(field.span, source, "mount field"));
        mount
            .fields
            .iter()
            .filter_map(|field| field.value_span)
            .for_each(|span| check_span(span, source, "mount value"));
    }
    for doc in &instruction.heredocs {
        check_span(doc.span, source, "heredoc");
        check_span(doc.content_span, source, "heredoc body");
        check_span(doc.terminator_span, source, "terminator");
        assert_eq!(doc.content_span.of(source), doc.content);
    }
    instruction.comments.iter().for_each(|comment| check_span(comment.span, source, "comment"));
    instruction.inline_comment.iter().for_each(|span| check_span(*span, source, "inline comment"));
    for word in words(&instruction.kind) {
        check_word(word, source);
    }
    match instruction.command() {
        Some(Command::Exec(words)) => words.iter().for_each(|word| check_word(word, source)),
        Some(Command::Shell { script, span, map }) => {
            check_span(*span, source, "script");
            for (at, ch) in script.char_indices() {
                let from = map.to_source(at);
                assert!(source[from..].starts_with(ch), "script offset {at} is not {ch:?} in {source:?}");
            }
        }
        None => {}
    }
    if let Kind::Onbuild(inner) = &instruction.kind {
        check_instruction(inner, source);
    }
}

/// Every byte lies in exactly one piece.
fn check_lossless(file: &Dockerfile) {
    let mut spans: Vec<Span> = file.blanks.clone();
    spans.extend(file.directives.iter().map(|one| one.span));
    spans.extend(file.comments.iter().map(|one| one.span));
    spans.extend(file.instructions.iter().map(|one| one.span));
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    let mut at = 0;
    for span in spans {
        assert_eq!(span.start, at, "gap or overlap in {:?}", file.source);
        at = span.end;
    }
    assert_eq!(at, file.source.len(), "the end of {:?} is missing", file.source);
    for blank in &file.blanks {
        let text = blank.of(&file.source);
        assert!(text.trim_matches('\u{feff}').trim().is_empty(), "{text:?} is no blank in {:?}", file.source);
    }
}

fn check(source: &str) {
    let (file, errors) = parse(source);
    assert_eq!(file.source, source);
    check_lossless(&file);
    file.instructions.iter().for_each(|instruction| check_instruction(instruction, source));
    for error in &errors {
        check_span(error.span, source, "error");
        let (line, column) = file.line_col(error.span.start);
        assert!(line >= 1 && column >= 1);
        assert!(!error.message.is_empty());
    }
    let _ = file.stages();
    let _ = scope::stage_scopes(&file, &|_| None);
    assert_eq!(parse(source), (file, errors), "a second reading differs");
}

#[expect(clippy::print_stdout, reason = "a test that leaves something out says so")]
fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> = SEEDS.iter().map(|seed| (*seed).to_owned()).collect();
    let Some(dir) = std::env::var_os("SEAWORTHY_CORPUS") else {
        println!("skipped: the corpus, because SEAWORTHY_CORPUS is not set");
        return seeds;
    };
    let path = std::path::Path::new(&dir).join("dockerfile-lang/parse.json");
    let text = std::fs::read_to_string(path).expect("the corpus has dockerfile-lang/parse.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("the corpus is JSON");
    seeds.extend(rows.iter().filter_map(|row| row["dockerfile"].as_str()).map(str::to_owned));
    seeds
}

#[test]
fn seeds_hold() {
    for seed in seeds() {
        check(&seed);
    }
}

#[test]
fn truncations_hold() {
    for seed in seeds() {
        for end in (0..seed.len()).step_by(7).filter(|end| seed.is_char_boundary(*end)) {
            check(&seed[..end]);
        }
    }
}

#[test]
fn deletions_hold() {
    for seed in seeds() {
        for (count, (at, ch)) in seed.char_indices().enumerate() {
            // Long texts are thinned so that the test stays quick.
            if seed.len() < 600 || count % 11 == 0 {
                check(&format!("{}{}", &seed[..at], &seed[at + ch.len_utf8()..]));
            }
        }
    }
}

#[test]
fn insertions_and_mixtures_hold() {
    const PIECES: [&str; 24] = [
        "\\\n",
        "\n",
        "\r\n",
        "\"",
        "'",
        "`",
        "#",
        "<<EOF",
        "<<-'X'",
        "EOF\n",
        "$",
        "${",
        "}",
        "[",
        "]",
        "--",
        "=",
        " ",
        "\t",
        "ONBUILD ",
        "FROM ",
        "\u{a0}",
        "\u{1f600}",
        "\0",
    ];
    let mut random = Random(42);
    for _ in 0..4000 {
        let mut text = SEEDS[random.below(SEEDS.len())].to_owned();
        for _ in 0..=random.below(4) {
            let mut at = random.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, PIECES[random.below(PIECES.len())]);
        }
        check(&text);
        let soup: String = (0..random.below(20)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        check(&soup);
        let _ = expand::expand_full(&soup, &|_| None, '\\', expand::Mode::WORD);
        let _ = ignore::read(&soup).matches("a/b");
    }
}

#[test]
fn deep_nesting_ends() {
    for piece in ["${a:-", "[", "ONBUILD ", "\"$", "{\"a\":["] {
        for keyword in ["ENV A=", "CMD [", "", "RUN <<EOF ", "EXPOSE "] {
            check(&format!("FROM x\n{keyword}{}\n", piece.repeat(3000)));
        }
    }
}
