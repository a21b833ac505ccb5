//! Reads a file. What does not fit is noted with its place, and the rest is read all the same.

use crate::model::{
    CommandTest, ContentTest, ExistenceTest, Kind, LicenseTest, MetadataTest, Pair, Pattern, RunOptions,
    Schema, Suite, Test, Text,
};
use seaworthy_facts::{StructureProblem, TextFile};
use seaworthy_finding::{Span, did_you_mean};
use seaworthy_yaml::{Kind as NodeKind, Node, YamlError};
use std::rc::Rc;

/// Most problems of one file that are told one by one.
const MOST_PROBLEMS: usize = 100;

/// Reads a file as its name says: `.json` is JSON, anything else YAML.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "container-structure-test takes these endings as they stand"
)]
pub fn read(path: &str, text: String) -> Suite {
    let json = path.ends_with(".json");
    let file = TextFile::new(path, text);
    let (root, errors) =
        if json { seaworthy_yaml::read_json(&file.text) } else { seaworthy_yaml::read(&file.text) };
    let mut reader = Reader { json, problems: Vec::new(), hints: Vec::new() };
    if ![".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending)) {
        reader.hint(
            Span::new(0, 0),
            "it is read as YAML; container-structure-test takes files ending in `.yaml`, `.yml` and `.json` only".to_owned(),
            "give it such a name",
        );
    }
    for error in errors {
        reader.syntax(&file, &error);
    }
    let mut suite = Suite {
        file,
        schema: None,
        globals: Vec::new(),
        options: RunOptions::default(),
        tests: Vec::new(),
        problems: Vec::new(),
        hints: Vec::new(),
    };
    match root {
        Some(root) if root.is_map() => reader.suite(&root, &mut suite),
        Some(root) if !root.is_null() => {
            let span = first_line(root.span, &suite.file.text);
            reader.problem(span, "expected keys such as `schemaVersion` and `commandTests`".to_owned(), "");
        }
        _ if reader.problems.is_empty() => {
            reader.problem(Span::new(0, 0), "the file is empty".to_owned(), SCHEMA_HELP);
        }
        _ => {}
    }
    reader.problems.truncate(MOST_PROBLEMS);
    reader.hints.truncate(MOST_PROBLEMS);
    (suite.problems, suite.hints) = (reader.problems, reader.hints);
    suite
}

const SCHEMA_HELP: &str = "write `schemaVersion: '2.0.0'`";

/// A span up to the end of its first line.
fn first_line(span: Span, text: &str) -> Span {
    let source = span.of(text);
    let length = source.find('\n').unwrap_or(source.len());
    Span::new(span.start, span.start + source[..length].trim_end().len())
}

/// A field of a mapping.
struct Field {
    key: Span,
    value: Rc<Node>,
}

struct Reader {
    json: bool,
    problems: Vec<StructureProblem>,
    hints: Vec<StructureProblem>,
}

impl Reader {
    fn problem(&mut self, span: Span, message: String, help: &str) {
        self.problems.push(StructureProblem { span, message, help: help.to_owned() });
    }

    fn hint(&mut self, span: Span, message: String, help: &str) {
        self.hints.push(StructureProblem { span, message, help: help.to_owned() });
    }

    fn syntax(&mut self, file: &TextFile, error: &YamlError) {
        let message = match error.first {
            Some(first) => {
                let (line, _) = file.lines.line_col(&file.text, first.start);
                format!("{}; the first is in line {line}", error.message)
            }
            None => error.message.clone(),
        };
        self.problem(error.span, message, "");
    }

    /// The fields of a mapping in the order of `known`; others are problems.
    fn fields<const N: usize>(&mut self, node: &Node, what: &str, known: [&str; N]) -> [Option<Field>; N] {
        let mut found = std::array::from_fn(|_| None);
        if !node.is_map() {
            if !node.is_null() {
                self.problem(node.span, format!("{what} is {}, expected keys and values", word(node)), "");
            }
            return found;
        }
        for (key, value) in node.entries() {
            let name = key.text().unwrap_or_default();
            let at = known.iter().position(|known| *known == name).or_else(|| {
                // Go's reader of JSON does not care for case.
                known.iter().position(|known| self.json && known.eq_ignore_ascii_case(name))
            });
            match at {
                Some(at) if found[at].is_none() => found[at] = Some(Field { key: key.span, value }),
                Some(_) => {
                    self.problem(key.span, format!("the key `{name}` stands here twice; remove one"), "");
                }
                None => {
                    let help = meant(what, name, &known);
                    self.problem(key.span, format!("{what} has no field `{name}`"), &help);
                }
            }
        }
        found
    }

    fn suite(&mut self, root: &Node, suite: &mut Suite) {
        const TWO: [&str; 8] = [
            "schemaVersion",
            "globalEnvVars",
            "commandTests",
            "fileExistenceTests",
            "fileContentTests",
            "metadataTest",
            "licenseTests",
            "containerRunOptions",
        ];
        let version = root.entries().into_iter().find(|(key, _)| {
            key.text().is_some_and(|name| {
                name == "schemaVersion" || (self.json && name.eq_ignore_ascii_case("schemaVersion"))
            })
        });
        suite.schema = match version.as_ref().map(|(_, value)| (value.text().unwrap_or_default(), value.span))
        {
            Some(("2.0.0", _)) => Some(Schema::Two),
            Some(("1.0.0", _)) => Some(Schema::One),
            Some((other, span)) => {
                let message = format!("schema version `{other}` is unknown; `2.0.0` and `1.0.0` are known");
                self.problem(span, message, SCHEMA_HELP);
                None
            }
            None => {
                self.problem(Span::new(0, 0), "`schemaVersion` is missing".to_owned(), SCHEMA_HELP);
                None
            }
        };
        let one = suite.schema == Some(Schema::One);
        let [_, globals, commands, existence, contents, metadata, licenses, options] = if one {
            let [version, globals, commands, existence, contents, licenses] = self.fields(
                root,
                "the file (schema 1.0.0)",
                [
                    "schemaVersion",
                    "globalEnvVars",
                    "commandTests",
                    "fileExistenceTests",
                    "fileContentTests",
                    "licenseTests",
                ],
            );
            [version, globals, commands, existence, contents, None, licenses, None]
        } else {
            self.fields(root, "the file", TWO)
        };
        suite.globals =
            globals.map(|field| self.pairs(&field.value, "a global variable")).unwrap_or_default();
        suite.options = options.map(|field| self.options(&field.value)).unwrap_or_default();
        for node in self.list(commands, "commandTests") {
            suite.tests.push(self.command(&node, one));
        }
        for node in self.list(contents, "fileContentTests") {
            suite.tests.push(self.content(&node));
        }
        for node in self.list(existence, "fileExistenceTests") {
            suite.tests.push(self.existence(&node, one));
        }
        for node in self.list(licenses, "licenseTests") {
            suite.tests.push(self.license(&node));
        }
        if let Some(field) = metadata.filter(|field| !field.value.is_null()) {
            suite.tests.extend(self.metadata(&field));
        }
    }

    /// The items of a list that may be absent.
    fn list(&mut self, field: Option<Field>, what: &str) -> Vec<Rc<Node>> {
        let Some(field) = field else { return Vec::new() };
        match &field.value.kind {
            NodeKind::Seq(items) => items.clone(),
            _ if field.value.is_null() => Vec::new(),
            _ => {
                let message = format!("`{what}` is {}, expected a list", word(&field.value));
                self.problem(field.key, message, "write `- ` before each item");
                Vec::new()
            }
        }
    }

    fn text(&mut self, field: Option<Field>, what: &str) -> Text {
        field.map(|field| self.scalar(&field.value, what)).unwrap_or_default()
    }

    fn scalar(&mut self, node: &Node, what: &str) -> Text {
        match &node.kind {
            NodeKind::Scalar { value, .. } if !node.is_null() => {
                Text { value: value.clone(), span: node.span }
            }
            NodeKind::Scalar { .. } => Text { value: String::new(), span: node.span },
            _ => {
                let help = if what == "`command`" {
                    "in schema 2.0.0 `command` is the program alone; its arguments stand under `args`"
                } else {
                    ""
                };
                self.problem(node.span, format!("{what} is {}, expected a text", word(node)), help);
                Text { value: String::new(), span: node.span }
            }
        }
    }

    fn texts(&mut self, field: Option<Field>, what: &str) -> Vec<Text> {
        let name = format!("an item of `{what}`");
        self.list(field, what).iter().map(|node| self.scalar(node, &name)).collect()
    }

    fn patterns(
        &mut self,
        field: Option<Field>,
        what: &str,
        faults: &mut Vec<StructureProblem>,
    ) -> Vec<Pattern> {
        let patterns: Vec<Pattern> = self.texts(field, what).into_iter().map(Pattern::new).collect();
        for pattern in &patterns {
            if let Err(why) = &pattern.regex {
                let message = format!("the expression `{}` does not compile: {why}", pattern.text.value);
                faults.push(fault(pattern.text.span, message, "write it in the syntax of RE2"));
            }
        }
        patterns
    }

    fn boolean(&mut self, field: Option<Field>, what: &str, default: bool) -> bool {
        let Some(field) = field else { return default };
        let NodeKind::Scalar { value, plain } = &field.value.kind else {
            self.problem(
                field.value.span,
                format!("`{what}` is {}, expected `true` or `false`", word(&field.value)),
                "",
            );
            return default;
        };
        // What YAML 1.1 takes for a boolean, as its reader in Go does.
        match value.as_str() {
            _ if field.value.is_null() => default,
            "true" | "True" | "TRUE" if *plain => true,
            "false" | "False" | "FALSE" if *plain => false,
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if *plain && !self.json => true,
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if *plain && !self.json => false,
            _ => {
                let message = format!("`{what}` is `{value}`, expected `true` or `false`");
                self.problem(field.value.span, message, if *plain { "" } else { "leave the quotes out" });
                default
            }
        }
    }

    fn number(&mut self, field: Option<Field>, what: &str) -> Option<(i64, Span)> {
        let field = field?;
        let NodeKind::Scalar { value, plain } = &field.value.kind else {
            self.problem(
                field.value.span,
                format!("`{what}` is {}, expected a number", word(&field.value)),
                "",
            );
            return None;
        };
        if field.value.is_null() {
            return None;
        }
        let number = plain.then(|| integer(value, self.json)).flatten();
        if number.is_none() {
            let message = format!("`{what}` is `{value}`, expected a whole number");
            self.problem(field.value.span, message, if *plain { "" } else { "leave the quotes out" });
        }
        Some((number?, field.value.span))
    }

    fn pairs(&mut self, node: &Rc<Node>, what: &str) -> Vec<Pair> {
        let field = Some(Field { key: node.span, value: Rc::clone(node) });
        let name = if what.contains("label") { "labels" } else { "envVars" };
        self.list(field, name)
            .iter()
            .map(|node| {
                let [key, value, is_regex] = self.fields(node, what, ["key", "value", "isRegex"]);
                let mut key = self.text(key, "`key`");
                let value = self.text(value, "`value`");
                if key.span == Span::default() {
                    key.span = node.span;
                }
                Pair { key, value, is_regex: self.boolean(is_regex, "isRegex", false) }
            })
            .collect()
    }

    fn options(&mut self, node: &Node) -> RunOptions {
        let [user, privileged, tty, env, env_file, capabilities, binds] = self.fields(
            node,
            "`containerRunOptions`",
            ["user", "privileged", "allocateTty", "envVars", "envFile", "capabilities", "bindMounts"],
        );
        let given = |text: Text| Some(text).filter(|text| !text.value.is_empty());
        let privileged_at = privileged.as_ref().map(|field| field.value.span);
        let tty_at = tty.as_ref().map(|field| field.value.span);
        RunOptions {
            user: given(self.text(user, "`user`")),
            privileged: privileged_at.filter(|_| self.boolean(privileged, "privileged", false)),
            tty: tty_at.filter(|_| self.boolean(tty, "allocateTty", false)),
            env: self.texts(env, "envVars"),
            env_file: given(self.text(env_file, "`envFile`")),
            capabilities: self.texts(capabilities, "capabilities"),
            binds: self.texts(binds, "bindMounts"),
        }
    }

    fn commands(
        &mut self,
        field: Option<Field>,
        what: &str,
        faults: &mut Vec<StructureProblem>,
    ) -> Vec<Vec<Text>> {
        let mut commands = Vec::new();
        for node in self.list(field, what) {
            let span = node.span;
            let command = match &node.kind {
                NodeKind::Seq(_) => self.texts(Some(Field { key: span, value: node }), what),
                _ if node.is_null() => Vec::new(),
                _ => {
                    let message = format!("an item of `{what}` is {}, expected a list", word(&node));
                    self.problem(
                        span,
                        message,
                        "each command is a list of its words: `- [\"sh\", \"-c\", \"…\"]`",
                    );
                    continue;
                }
            };
            if command.is_empty() {
                faults.push(fault(span, format!("a command of `{what}` is empty"), "remove it"));
            }
            commands.push(command);
        }
        commands
    }

    fn command(&mut self, node: &Node, one: bool) -> Test {
        const NAMES: [&str; 11] = [
            "name",
            "command",
            "args",
            "setup",
            "teardown",
            "envVars",
            "exitCode",
            "expectedOutput",
            "excludedOutput",
            "expectedError",
            "excludedError",
        ];
        let [name, command, args, setup, teardown, env, exit_code, output, no_output, error, no_error] =
            if one {
                let [name, command, setup, teardown, env, exit_code, output, no_output, error, no_error] =
                    self.fields(
                        node,
                        "a command test of schema 1.0.0",
                        [
                            "name",
                            "command",
                            "setup",
                            "teardown",
                            "envVars",
                            "exitCode",
                            "expectedOutput",
                            "excludedOutput",
                            "expectedError",
                            "excludedError",
                        ],
                    );
                [name, command, None, setup, teardown, env, exit_code, output, no_output, error, no_error]
            } else {
                self.fields(node, "a command test", NAMES)
            };
        let mut faults = Vec::new();
        let (name, span) = self.name(name, node, &mut faults);
        let mut words =
            if one { self.texts(command, "command") } else { vec![self.text(command, "`command`")] };
        if words.is_empty() || (!one && words[0].value.is_empty()) {
            faults.push(fault(span, "the test has no `command`".to_owned(), "name the program to run"));
        }
        words.extend(self.texts(args, "args"));
        let mut test = CommandTest { command: words, ..CommandTest::default() };
        test.setup = self.commands(setup, "setup", &mut faults);
        test.teardown = self.commands(teardown, "teardown", &mut faults);
        test.env = env.map(|field| self.pairs(&field.value, "a variable")).unwrap_or_default();
        for pair in &test.env {
            if pair.key.value.is_empty() || pair.value.value.is_empty() {
                let message = "a variable of a command test has no `key` or no `value`".to_owned();
                faults.push(fault(pair.key.span, message, "give it both"));
            }
        }
        test.exit_code = self.number(exit_code, "exitCode").unwrap_or_default();
        test.expected_output = self.patterns(output, "expectedOutput", &mut faults);
        test.excluded_output = self.patterns(no_output, "excludedOutput", &mut faults);
        test.expected_error = self.patterns(error, "expectedError", &mut faults);
        test.excluded_error = self.patterns(no_error, "excludedError", &mut faults);
        Test { name, span, faults, kind: Kind::Command(Box::new(test)) }
    }

    /// The name of a test and where it stands.
    fn name(
        &mut self,
        field: Option<Field>,
        node: &Node,
        faults: &mut Vec<StructureProblem>,
    ) -> (String, Span) {
        let name = self.text(field, "`name`");
        if name.value.is_empty() {
            let span = if name.span == Span::default() { head(node) } else { name.span };
            faults.push(fault(span, "the test has no `name`".to_owned(), "give it one"));
            return (String::new(), span);
        }
        (name.value, name.span)
    }

    fn path(&mut self, field: Option<Field>, span: Span, faults: &mut Vec<StructureProblem>) -> Text {
        let path = self.text(field, "`path`");
        if path.value.is_empty() {
            faults.push(fault(span, "the test has no `path`".to_owned(), "name the file"));
        }
        path
    }

    fn content(&mut self, node: &Node) -> Test {
        let [name, path, expected, excluded] = self.fields(
            node,
            "a file content test",
            ["name", "path", "expectedContents", "excludedContents"],
        );
        let mut faults = Vec::new();
        let (name, span) = self.name(name, node, &mut faults);
        let test = ContentTest {
            path: self.path(path, span, &mut faults),
            expected: self.patterns(expected, "expectedContents", &mut faults),
            excluded: self.patterns(excluded, "excludedContents", &mut faults),
        };
        Test { name, span, faults, kind: Kind::Content(test) }
    }

    fn existence(&mut self, node: &Node, one: bool) -> Test {
        let [name, path, should_exist, permissions, uid, gid, executable] = if one {
            let [name, path, should_exist, permissions] = self.fields(
                node,
                "a file existence test of schema 1.0.0",
                ["name", "path", "shouldExist", "permissions"],
            );
            [name, path, should_exist, permissions, None, None, None]
        } else {
            self.fields(
                node,
                "a file existence test",
                ["name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy"],
            )
        };
        let mut faults = Vec::new();
        let (name, span) = self.name(name, node, &mut faults);
        let test = ExistenceTest {
            path: self.path(path, span, &mut faults),
            should_exist: self.boolean(should_exist, "shouldExist", true),
            permissions: self.text(permissions, "`permissions`"),
            uid: self.number(uid, "uid").filter(|(id, _)| *id != -1),
            gid: self.number(gid, "gid").filter(|(id, _)| *id != -1),
            executable_by: self.text(executable, "`isExecutableBy`"),
        };
        let who = test.executable_by.value.as_str();
        if !matches!(who, "" | "any" | "owner" | "group" | "other") {
            let help = "write `any`, `owner`, `group` or `other`";
            faults.push(fault(test.executable_by.span, format!("`isExecutableBy` is `{who}`"), help));
        }
        Test { name, span, faults, kind: Kind::Existence(test) }
    }

    fn license(&mut self, node: &Node) -> Test {
        let [debian, files] = self.fields(node, "a license test", ["debian", "files"]);
        let test =
            LicenseTest { debian: self.boolean(debian, "debian", false), files: self.texts(files, "files") };
        Test { name: String::new(), span: head(node), faults: Vec::new(), kind: Kind::License(test) }
    }

    /// The metadata test; none where it asks nothing.
    fn metadata(&mut self, field: &Field) -> Option<Test> {
        let [env, unbound, labels, exposed, unexposed, entrypoint, cmd, workdir, user, volumes, unmounted] =
            self.fields(
                &field.value,
                "`metadataTest`",
                [
                    "envVars",
                    "unboundEnvVars",
                    "labels",
                    "exposedPorts",
                    "unexposedPorts",
                    "entrypoint",
                    "cmd",
                    "workdir",
                    "user",
                    "volumes",
                    "unmountedVolumes",
                ],
            );
        let pairs = |reader: &mut Self, field: Option<Field>, what: &str| {
            field.map(|field| reader.pairs(&field.value, what)).unwrap_or_default()
        };
        let (env, unbound_env, labels) = (
            pairs(self, env, "a variable"),
            pairs(self, unbound, "a variable"),
            pairs(self, labels, "a label"),
        );
        let test = MetadataTest {
            env,
            unbound_env,
            labels,
            exposed: self.texts(exposed, "exposedPorts"),
            unexposed: self.texts(unexposed, "unexposedPorts"),
            entrypoint: self.argv(entrypoint, "entrypoint"),
            cmd: self.argv(cmd, "cmd"),
            workdir: self.text(workdir, "`workdir`"),
            user: self.text(user, "`user`"),
            volumes: self.texts(volumes, "volumes"),
            unmounted: self.texts(unmounted, "unmountedVolumes"),
        };
        let mut faults = Vec::new();
        for pair in test.env.iter().chain(&test.unbound_env).chain(&test.labels) {
            if pair.key.value.is_empty() {
                faults.push(fault(
                    pair.key.span,
                    "the `key` is empty".to_owned(),
                    "name the variable or the label",
                ));
            }
            if pair.is_regex
                && let Err(why) = crate::re2::compile(&pair.value.value)
            {
                let message = format!("the expression `{}` does not compile: {why}", pair.value.value);
                faults.push(fault(pair.value.span, message, "write it in the syntax of RE2"));
            }
        }
        let named = [&test.exposed, &test.unexposed, &test.volumes, &test.unmounted];
        for text in named.into_iter().flatten().filter(|text| text.value.is_empty()) {
            faults.push(fault(text.span, "an item is empty".to_owned(), "remove it"));
        }
        let empty = named.iter().all(|list| list.is_empty())
            && test.env.is_empty()
            && test.unbound_env.is_empty()
            && test.labels.is_empty()
            && test.entrypoint.is_none()
            && test.cmd.is_none()
            && test.workdir.value.is_empty()
            && test.user.value.is_empty();
        (!empty).then(|| Test {
            name: String::new(),
            span: field.key,
            faults,
            kind: Kind::Metadata(Box::new(test)),
        })
    }

    /// A list whose absence means something else than its being empty.
    fn argv(&mut self, field: Option<Field>, what: &str) -> Option<(Vec<Text>, Span)> {
        let field = field.filter(|field| !field.value.is_null())?;
        let span = field.value.span;
        Some((self.texts(Some(field), what), span))
    }
}

fn fault(span: Span, message: String, help: &str) -> StructureProblem {
    StructureProblem { span, message, help: help.to_owned() }
}

/// The place of a test that has no name: its first key.
fn head(node: &Node) -> Span {
    node.pairs().first().map_or(node.span, |(key, _)| key.span)
}

fn word(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Scalar { .. } => "a text",
        NodeKind::Seq(_) => "a list",
        NodeKind::Map(_) => "a mapping",
    }
}

/// What an unknown field was meant to be.
fn meant(what: &str, name: &str, known: &[&str]) -> String {
    let known_better = match (what, name) {
        ("`metadataTest`", "env") => {
            Some("did you mean `envVars`? It is a list of `key` and `value`".to_owned())
        }
        ("`metadataTest`", "unboundEnv") => Some("did you mean `unboundEnvVars`?".to_owned()),
        ("`metadataTest`", "ports") => Some("did you mean `exposedPorts`?".to_owned()),
        (_, "isDirectory" | "isDir") => Some(
            "to ask for a directory write its `permissions`, which then begin with `d`: `drwxr-xr-x`"
                .to_owned(),
        ),
        ("the file", "metadataTests") => {
            Some("did you mean `metadataTest`? There is one in a file".to_owned())
        }
        ("the file (schema 1.0.0)", "metadataTest" | "containerRunOptions") => {
            Some("it is part of schema 2.0.0: write `schemaVersion: '2.0.0'`".to_owned())
        }
        ("a command test of schema 1.0.0", "args") => {
            Some("in schema 1.0.0 `command` is the list of all words; `args` is part of 2.0.0".to_owned())
        }
        ("a file existence test of schema 1.0.0", "uid" | "gid" | "isExecutableBy") => {
            Some("it is part of schema 2.0.0: write `schemaVersion: '2.0.0'`".to_owned())
        }
        _ => None,
    };
    known_better.unwrap_or_else(|| match did_you_mean(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    })
}

/// A whole number as YAML 1.1 and Go write it.
fn integer(text: &str, json: bool) -> Option<i64> {
    if json {
        return text.parse().ok();
    }
    let plain = text.replace('_', "");
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i64::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}
