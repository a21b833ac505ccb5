//! The tree and the errors of small Dockerfiles, one fact each.

use seaworthy_dockerfile::{
    Base, Command, Dockerfile, ErrorKind, Healthcheck, Keyword, Kind, Phase, SyntaxError, Word, parse, scope,
};

fn raws(words: &[Word]) -> Vec<&str> {
    words.iter().map(|word| word.raw.as_str()).collect()
}

fn clean(source: &str) -> Dockerfile {
    let (file, errors) = parse(source);
    assert_eq!(errors, [], "{source:?}");
    file
}

/// The only error of a source, with the text it is about.
fn error(source: &str) -> (SyntaxError, &str) {
    let (_, errors) = parse(source);
    let [error] = errors.as_slice() else { panic!("{source:?}: {errors:?}") };
    let error = error.clone();
    let text = error.span.of(source);
    (error, text)
}

#[test]
fn a_comment_behind_an_instruction_is_one_error_about_the_comment() {
    for (source, text, fatal) in [
        ("FROM a\nEXPOSE 8080  # HTTP API\n", "# HTTP API", true),
        ("FROM a # the base\n", "# the base", true),
        ("FROM a AS b # the base\n", "# the base", true),
        ("FROM a\nENV A=1 B=2 # both\n", "# both", true),
        ("FROM a\nLABEL a=b # one = more\n", "# one = more", true),
        ("FROM a\nWORKDIR /app # here\n", "# here", false),
        ("FROM a\nUSER app # not root\n", "# not root", false),
        ("FROM a\nCOPY a b # both\n", "# both", false),
        ("FROM a\nVOLUME /data # kept\n", "# kept", false),
        ("FROM a\nARG A=1 # one\n", "# one", false),
        ("FROM a\nHEALTHCHECK NONE # off\n", "# off", true),
        ("FROM a\nSHELL [\"sh\"] # plain\n", "# plain", true),
        ("FROM a\nCMD [\"sh\"] # plain\n", "# plain", false),
        ("FROM a\nEXPOSE 80 \\\n  443 # both\n", "# both", true),
    ] {
        let (error, at) = error(source);
        assert_eq!((error.kind, at, error.fatal), (ErrorKind::InlineComment, text, fatal), "{source:?}");
        assert_eq!(error.message, "comments cannot follow an instruction; move it to its own line");
        let (file, _) = parse(source);
        assert_eq!(file.instructions.last().unwrap().inline_comment, Some(error.span));
    }
}

#[test]
fn a_number_sign_that_is_no_comment_is_left_alone() {
    for source in [
        "FROM a\nRUN echo a # b\n",
        "FROM a\nCMD echo a # b\n",
        "FROM a\nENV A=\"x # y\"\n",
        "FROM a\nENV PS1 \\w # \n",
        "FROM a\nADD https://example.com/a.git#main /src\n",
        "FROM a\nWORKDIR \"/a # b\"\n",
        "FROM a\nRUN a \\\n# inside\n  b\n",
    ] {
        clean(source);
    }
}

#[test]
fn errors_say_where_and_what_instead() {
    let cases: [(&str, ErrorKind, &str, &str); 24] = [
        ("FROM a\nRUM x\n", ErrorKind::UnknownInstruction, "RUM", "write RUN"),
        ("FROM a\n// x\n", ErrorKind::UnknownInstruction, "//", "write #"),
        ("FROM a AS\n", ErrorKind::MissingArgument, "AS", "FROM image AS name"),
        ("FROM a b\n", ErrorKind::TooManyArguments, "b", "FROM image AS name"),
        ("FROM a AS 1x\n", ErrorKind::BadStageName, "1x", "begins with a letter"),
        ("FROM a\nCOPY --chwon=x a b\n", ErrorKind::UnknownFlag, "--chwon=x", "write --chown"),
        ("FROM a\nCOPY --from x a b\n", ErrorKind::BadFlagValue, "--from", "--from=value"),
        ("FROM a\nCOPY --link=yes a b\n", ErrorKind::BadFlagValue, "--link=yes", "true or false"),
        ("FROM a\nCOPY --chmod=1 --chmod=2 a b\n", ErrorKind::DuplicateFlag, "--chmod=2", "keep one"),
        ("FROM a\nCOPY --from=$X a b\n", ErrorKind::VariableNotSupported, "$X", "FROM image AS name"),
        ("FROM a\nCOPY a\n", ErrorKind::MissingArgument, "a", "COPY source destination"),
        ("FROM a\nENV A\n", ErrorKind::BadKeyValue, "A", "ENV A=value"),
        ("FROM a\nENV A=1 b c=2\n", ErrorKind::BadKeyValue, "b", "name=value"),
        ("FROM a\nLABEL =x\n", ErrorKind::BlankName, "=x", "LABEL name=value"),
        ("FROM a\nEXPOSE 70000\n", ErrorKind::BadPort, "70000", "65535"),
        ("FROM a\nCMD [\"a\", 1]\n", ErrorKind::JsonElement, "1", "double quotes"),
        ("FROM a\nCMD ['a', 'b']\n", ErrorKind::JsonLike, "['a', 'b']", "double quotes"),
        ("FROM a\nSHELL bash -c\n", ErrorKind::JsonRequired, "bash -c", "JSON array"),
        ("FROM a\nHEALTHCHECK curl x\n", ErrorKind::BadHealthcheck, "curl", "HEALTHCHECK CMD command"),
        (
            "FROM a\nHEALTHCHECK --interval=5 CMD x\n",
            ErrorKind::BadFlagValue,
            "--interval=5",
            "--interval=5s",
        ),
        ("FROM a\nONBUILD FROM b\n", ErrorKind::BadOnbuild, "FROM", "another instruction"),
        ("FROM a\nRUN <<EOF\nx\n", ErrorKind::UnterminatedHeredoc, "<<EOF", "write EOF alone"),
        ("FROM a\nRUN --mount=type=cahce,target=/x y\n", ErrorKind::BadMount, "type=cahce", "cache"),
        ("FROM a\nWORKDIR ${X\n", ErrorKind::BadWord, "${X", "${name}"),
    ];
    for (source, kind, at, hint) in cases {
        let (error, text) = error(source);
        assert_eq!((error.kind, text), (kind, at), "{source:?}: {error:?}");
        assert!(error.message.contains(hint), "{source:?}: {}", error.message);
    }
}

#[test]
fn an_array_over_lines_without_continuations_is_one_mistake() {
    let (file, errors) = parse("FROM a\nENTRYPOINT [\n  \"b\",\n  \"c\"\n]\nENV X\n");
    let messages: Vec<_> =
        errors.iter().map(|error| (error.kind, file.line_col(error.span.start).0)).collect();
    assert_eq!(messages, [(ErrorKind::UnknownInstruction, 3), (ErrorKind::BadKeyValue, 6)], "{errors:?}");
    assert!(errors[0].message.contains("end every line but the last with \\"), "{errors:?}");
}

#[test]
fn one_broken_line_does_not_hide_the_others() {
    let (file, errors) = parse("FROM a\nFOO b\nENV X\nCOPY --bad a b\nUSER app\n");
    let kinds: Vec<_> = errors.iter().map(|error| error.kind).collect();
    assert_eq!(kinds, [ErrorKind::UnknownInstruction, ErrorKind::BadKeyValue, ErrorKind::UnknownFlag]);
    assert_eq!(file.instructions.len(), 5);
    let broken: Vec<bool> = file.instructions.iter().map(|instruction| instruction.broken).collect();
    assert_eq!(broken, [false, true, true, true, false]);
    assert!(matches!(&file.instructions[4].kind, Kind::User(user) if user.raw == "app"));
}

#[test]
fn the_first_from_is_asked_for_once() {
    let (error, at) = error("RUN a\nRUN b\nFROM c\n");
    assert_eq!((error.kind, at), (ErrorKind::NoStage, "RUN"));
    // A misspelt FROM is the only thing wrong.
    let (_, errors) = parse("FORM a\nRUN b\n");
    assert_eq!(errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [ErrorKind::UnknownInstruction]);
    assert_eq!(parse("").1[0].kind, ErrorKind::NoInstructions);
}

#[test]
fn directives_end_at_the_first_other_line() {
    let file = clean("# syntax = docker/dockerfile:1 \n#ESCAPE=`\n# check=skip=all\nFROM a\nRUN b `\n c\n");
    let found: Vec<_> = file.directives.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
    assert_eq!(found, [("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all")]);
    assert_eq!(file.directives[0].value_span.of(&file.source), "docker/dockerfile:1");
    assert_eq!((file.escape, file.directive("check")), ('`', Some("skip=all")));
    assert_eq!(file.instructions.len(), 2);

    let file = clean("# a comment\n# escape=`\nFROM a\n");
    assert_eq!((file.escape, file.directives.len(), file.comments.len()), ('\\', 0, 2));
    assert_eq!(error("# escape=x\nFROM a\n").0.kind, ErrorKind::BadDirective);
    assert_eq!(error("# escape=`\n# escape=`\nFROM a\n").0.kind, ErrorKind::DuplicateDirective);
}

#[test]
fn continued_text_maps_back_to_the_file() {
    let source = "FROM a\nRUN one \\\n  # note\n\n  && two\n";
    let (file, errors) = parse(source);
    assert_eq!(errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [ErrorKind::EmptyContinuation]);
    let run = &file.instructions[1];
    let Some(Command::Shell { script, span, map }) = run.command() else { panic!("no shell text") };
    assert_eq!(script, "one   && two");
    assert_eq!(map.to_source(script.find("two").unwrap()), source.find("two").unwrap());
    assert_eq!(span.of(source), "one \\\n  # note\n\n  && two");
    assert_eq!((run.comments[0].text.as_str(), run.comments[0].span.of(source)), ("note", "# note"));
    assert_eq!(run.empty_lines.len(), 1);
    assert_eq!(file.line_col(source.find("two").unwrap()), (5, 6));
}

#[test]
fn words_know_their_place_and_variables() {
    let source = "FROM a\nENV A=\"x ${B:-$C} y\" \\\n  D='$E'\\ f G=$H\n";
    let file = clean(source);
    let Kind::Env { pairs, legacy } = &file.instructions[1].kind else { panic!("no ENV") };
    assert!(!legacy);
    assert_eq!(
        pairs.iter().map(|pair| pair.value.unquoted()).collect::<Vec<_>>(),
        ["x ${B:-$C} y", "$E f", "$H"]
    );
    assert_eq!(pairs[1].value.span.of(source), "'$E'\\ f");
    let found = pairs[0].value.variables();
    assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["B", "C"]);
    assert_eq!((found[0].operator.as_deref(), found[0].default.as_deref()), (Some(":-"), Some("$C")));
    assert_eq!((found[0].span.of(source), found[1].span.of(source)), ("${B:-$C}", "$C"));
    assert!(!pairs[1].value.has_variable() && pairs[2].value.has_variable());
}

#[test]
fn strings_of_arrays_are_decoded_and_placed() {
    let source = "FROM a\nCMD [\"\\u0041\\n\", \\\n  \"b c\"]\n";
    let file = clean(source);
    let Some(Command::Exec(words)) = file.instructions[1].command() else { panic!("no array") };
    assert_eq!(raws(words), ["A\n", "b c"]);
    assert_eq!((words[0].span.of(source), words[1].span.of(source)), ("\"\\u0041\\n\"", "\"b c\""));
    // A shell test is no array.
    let file = clean("FROM a\nRUN [ -f x ] && y\n");
    assert!(matches!(file.instructions[1].command(), Some(Command::Shell { .. })));
}

#[test]
fn heredocs_belong_to_their_instruction() {
    let source =
        "FROM a\nCOPY <<-'one' 3<<two src /dst\n\t$x\n\tone\nbody\ntwo\nRUN <<EOF sh\nz\nEOF\nUSER b\n";
    let file = clean(source);
    let copy = &file.instructions[1];
    let Kind::Copy { sources, dest, .. } = &copy.kind else { panic!("no COPY") };
    assert_eq!((raws(sources), dest.as_ref().map(|dest| dest.raw.as_str())), (vec!["src"], Some("/dst")));
    let [one, two] = copy.heredocs.as_slice() else { panic!("{:?}", copy.heredocs) };
    assert_eq!(
        (one.name.as_str(), one.content.as_str(), one.expand, one.strip_tabs),
        ("one", "\t$x\n", false, true)
    );
    assert_eq!((two.name.as_str(), two.content.as_str(), two.expand, two.fd), ("two", "body\n", true, 3));
    assert_eq!((two.span.of(source), two.terminator_span.of(source)), ("3<<two", "two"));
    assert_eq!(file.instructions[2].heredocs[0].content_span.of(source), "z\n");
    assert_eq!(file.instructions[3].keyword, Keyword::User);
    // The terminator's word, and whether quotes in it were quotes.
    for (word, name, expand) in [
        ("<<  EOF", "EOF", true),
        ("<< -EOF", "-EOF", true),
        ("<<eo'f'", "eof", false),
        ("<<eo\\'f", "eo'f", true),
        ("<<'e'o\\'f", "eo'f", false),
        ("<<'one two'", "one two", false),
        ("<<$EOF", "$EOF", true),
        ("<<file.txt", "file.txt", true),
    ] {
        let file = clean(&format!("FROM a\nRUN {word} > x\nbody\n{name}\nUSER b\n"));
        let [doc] = file.instructions[1].heredocs.as_slice() else { panic!("{word}") };
        assert_eq!((doc.name.as_str(), doc.expand, doc.content.as_str()), (name, expand, "body\n"), "{word}");
    }
    for word in ["\"<<EOF\"", "<EOF", "<<<EOF", "<<", "a<<<b", "<<- EOF"] {
        assert_eq!(clean(&format!("FROM a\nRUN cat {word}\nUSER b\n")).instructions.len(), 3, "{word}");
    }
    // Arrays and other instructions take none.
    assert_eq!(clean("FROM a\nRUN [\"cat\", \"<<EOF\"]\nUSER b\n").instructions.len(), 3);
    assert_eq!(clean("FROM a\nCMD cat <<EOF\nUSER b\n").instructions.len(), 3);
    // The body belongs to the trigger's own instruction.
    let file = clean("FROM a\nONBUILD RUN <<E\nx\nE\n");
    let Kind::Onbuild(inner) = &file.instructions[1].kind else { panic!("no ONBUILD") };
    assert_eq!((inner.heredocs.len(), inner.keyword), (1, Keyword::Run));
}

#[test]
fn flags_lose_their_quotes_and_keep_their_place() {
    let source =
        "FROM --platform=\"$BUILDPLATFORM\" a\nCOPY --chown='a:b' --exclude=x --exclude=y --link -- --c d\n";
    let file = clean(source);
    let copy = &file.instructions[1];
    assert_eq!(copy.flag_value("chown").map(|word| word.raw.as_str()), Some("a:b"));
    assert_eq!(copy.flag_value("chown").map(|word| word.span.of(source)), Some("'a:b'"));
    assert_eq!(copy.flags.iter().filter(|flag| flag.name == "exclude").count(), 2);
    assert!(copy.flag_is_on("link") && !copy.flag_is_on("parents"));
    assert!(matches!(&copy.kind, Kind::Copy { sources, .. } if raws(sources) == ["--c"]));
    let platform = file.instructions[0].flag_value("platform").unwrap().variables();
    assert_eq!(platform[0].span.of(source), "$BUILDPLATFORM");
}

#[test]
fn stages_form_a_graph() {
    let source = "ARG TAG=1\nARG IMG=img:${TAG}\nFROM ${IMG} AS Base\nFROM base AS two\nFROM two-${TARGETARCH}\nFROM scratch\nCOPY --from=TWO a b\n";
    let file = clean(source);
    let stages = file.stages();
    let bases: Vec<_> = stages.iter().map(|stage| stage.base.clone()).collect();
    let image = |text: &str| Base::Image(text.to_owned());
    assert_eq!(bases, [image("img:1"), Base::Stage(0), image("two-${TARGETARCH}"), Base::Scratch]);
    assert_eq!(stages[0].name.as_deref(), Some("base"));
    assert_eq!(Dockerfile::stage_named(&stages, "TWO", 3), Some(1));
    assert_eq!(Dockerfile::stage_named(&stages, "0", 3), Some(0));
    assert_eq!(Dockerfile::stage_named(&stages, "3", 3), None);
    assert_eq!(file.final_stage().map(|stage| stage.index), Some(3));
    assert_eq!(file.meta_args().count(), 2);
    let other = file.stages_with(&|name| (name == "TAG").then(|| "2".to_owned()));
    assert_eq!(other[0].base, image("img:2"));
}

#[test]
fn a_stage_sees_arguments_from_their_line_on() {
    let source = "ARG G=global\nFROM a AS one\nENV E=${G}x\nARG G\nARG D=$G-$E\nENV G=env\nFROM one\nENV H=$G/$D\nARG P\n";
    let file = clean(source);
    let scopes = scope::stage_scopes(&file, &|name| (name == "P").then(|| "given".to_owned()));
    assert_eq!(scopes[0].get("E").as_deref(), Some("x"));
    assert_eq!(scopes[0].get("D").as_deref(), Some("global-x"));
    assert_eq!(scopes[1].get("H").as_deref(), Some("env/global-x"));
    assert_eq!(scopes[1].get("P").as_deref(), Some("given"));
    assert!(!scopes[0].knows("P"));
    // Values of one line do not see each other.
    let file = clean("FROM a\nENV A=1\nENV A=2 B=$A\n");
    assert_eq!(scope::stage_scopes(&file, &|_| None)[0].get("B").as_deref(), Some("1"));
}

#[test]
fn mounts_are_read_with_their_defaults() {
    let source = "FROM a\nRUN --mount=type=cache,target=/c,sharing=Locked,mode=0700 --mount=type=secret,id=s,env=TOKEN,required --mount=target=/src,rw --network=none x\n";
    let file = clean(source);
    let run = &file.instructions[1];
    let mounts = run.mounts();
    assert_eq!(
        (mounts[0].sharing().as_deref(), mounts[0].mode(), mounts[0].read_only()),
        (Some("locked"), Some(0o700), false)
    );
    assert_eq!(
        (mounts[1].id(), mounts[1].env(), mounts[1].required(), mounts[1].read_only()),
        (Some("s"), Some("TOKEN"), true, true)
    );
    assert_eq!((mounts[2].target(), mounts[2].read_only()), (Some("/src"), false));
    assert_eq!(
        mounts[0].field(&["target"]).and_then(|field| field.value_span).map(|span| span.of(source)),
        Some("/c")
    );
    assert_eq!((run.network().as_str(), run.security().as_str()), ("none", "sandbox"));
    clean("FROM a\nRUN --device=vendor.com/gpu=0,required x\n");
    for (flag, at) in
        [("--mount=", "--mount="), ("--device=a,b", "--device=a,b"), ("--network=Host", "--network=Host")]
    {
        let source = format!("FROM a\nRUN {flag} x\n");
        assert!(
            parse(&source).1.iter().any(|error| error.fatal && at.contains(error.span.of(&source))),
            "{flag}"
        );
    }
}

#[test]
fn healthchecks_are_one_of_two() {
    let file = clean("FROM a\nHEALTHCHECK --start-interval=1s --retries=3 cmd [\"x\"]\nHEALTHCHECK none\n");
    assert!(
        matches!(&file.instructions[1].kind, Kind::Healthcheck(Healthcheck::Cmd(Command::Exec(words))) if raws(words) == ["x"])
    );
    assert!(matches!(file.instructions[2].kind, Kind::Healthcheck(Healthcheck::None)));
}

#[test]
fn values_decide_what_a_build_refuses() {
    let none = |_: &str| None;
    for (source, at, hint) in [
        ("ARG T\nFROM a:$T\n", "a:$T", "ARG T=value"),
        ("FROM a:${V}\n", "${V}", "--build-arg"),
        ("FROM --platform=$BULIDPLATFORM a\n", "$BULIDPLATFORM", "BULIDPLATFORM has no value"),
        ("FROM a AS B\nFROM B\n", "B", "write FROM b"),
        ("FROM baseImage:1\n", "baseImage:1", "write baseimage:1"),
        ("FROM a@sha256:abc\n", "a@sha256:abc", "64 digits"),
        ("FROM scratch AS a\nCOPY --from=A x /y\n", "A", "itself"),
        ("FROM scratch\nCOPY --from=3 x /y\n", "3", "no stage 3"),
        ("FROM a\nADD --checksum=sha256:abc x /y\n", "x", "URL"),
        ("FROM a\nADD --checksum=sha256:abc https://x.y/z /y\n", "sha256:abc", "64"),
        ("FROM --platform=arm64v8 a\n", "arm64v8", "linux/amd64"),
        ("FROM debian\nVOLUME $DATA\n", "$DATA", "ARG DATA=value"),
        ("FROM a\nVOLUME \"\"\n", "\"\"", "VOLUME /data"),
        ("FROM scratch\nARG S=SIGTRM\nSTOPSIGNAL $S\n", "$S", "SIGTERM"),
        ("FROM scratch\nENV A=${B:?wanted}\n", "${B:?wanted}", "wanted"),
        ("FROM debian\nRUN --mount=type=cache x\n", "type=cache", "target=/directory"),
        ("FROM a\nRUN --mount=type=bind,target=/ x\n", "type=bind,target=/", "target=/directory"),
    ] {
        let errors = clean(source).build_errors(&none);
        let [error] = errors.as_slice() else { panic!("{source:?}: {errors:?}") };
        assert!(
            at.contains(error.span.of(source)) || error.span.of(source).contains(at),
            "{source:?}: {error:?}"
        );
        assert!(error.message.contains(hint), "{source:?}: {}", error.message);
    }
    for source in [
        "FROM --platform=$TARGETPLATFORM a AS b\nFROM b-${TARGETARCH}\nCOPY --from=b x y\nCOPY --from=0 x y\n",
        "ARG T=1\nFROM a:$T\nFROM ${N:-c}\nCOPY --from=img:1 x y\n",
        "FROM a AS x\nFROM x AS x\n",
        // What the image `a` sets is not known here.
        "FROM --platform= a\nVOLUME $DATA\nSTOPSIGNAL $S\nENV A=${B:?wanted}\nRUN --mount=type=cache x\n",
        "FROM debian\nENV S=9\nWORKDIR /x\nSTOPSIGNAL $S\nRUN --mount=type=bind x\n",
    ] {
        assert_eq!(clean(source).build_errors(&none), [], "{source:?}");
    }
    let given = |name: &str| (name == "T").then(|| "1".to_owned());
    assert_eq!(clean("ARG T\nFROM a:$T\n").build_errors(&given), []);
}

#[test]
fn comments_above_an_instruction_touch_it() {
    let file = clean("# far\n\n# one\n  # two\nFROM a\nRUN b # c\n# three\nUSER d\n");
    let above = |at: usize| -> Vec<&str> {
        file.comments_above(&file.instructions[at]).iter().map(|comment| comment.text.as_str()).collect()
    };
    assert_eq!((above(0), above(1), above(2)), (vec!["one", "two"], vec![], vec!["three"]));
}

#[test]
fn long_texts_stay_out_of_messages() {
    let long = "x".repeat(200_000);
    for source in [
        format!("FROM a\n{long}\n"),
        format!("FROM a\nCOPY --{long} a b\n"),
        format!("FROM a\nENV A=1 {long}\n"),
    ] {
        let (error, _) = error(&source);
        assert!(error.message.len() < 300, "{}", error.message);
    }
}

#[test]
fn a_trigger_is_judged_in_the_child_only() {
    let (error, _) = error("FROM a\nONBUILD COPY a\n");
    assert_eq!((error.kind, error.fatal, error.phase), (ErrorKind::MissingArgument, false, Phase::Build));
}

#[test]
fn two_hundred_files_are_read_in_no_time() {
    let source = "FROM rust:1 AS build\nRUN --mount=type=cache,target=/x \\\n  cargo build \\\n  && cp a b\nCOPY --chown=a:b a b /c/\nENV A=\"b c\" D=${E:-f}\n".repeat(10);
    let start = std::time::Instant::now();
    let count: usize = (0..200).map(|_| parse(&source).0.instructions.len()).sum();
    assert_eq!(count, 200 * 40);
    // A generous bound for a debug build on a busy machine; it fails on anything quadratic.
    assert!(start.elapsed().as_millis() < 3000, "{:?}", start.elapsed());
}

#[test]
fn values_that_double_stay_small() {
    let text = format!("FROM a\nENV A=abcdefgh\n{}", "ENV A=$A$A\n".repeat(60));
    let (tree, _) = parse(&text);
    let scopes = scope::stage_scopes(&tree, &|_| None);
    let length = scopes[0].get("A").unwrap().len();
    assert!((1_000..=65_536).contains(&length), "{length}");
}
