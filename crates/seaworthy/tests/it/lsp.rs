//! A conversation with the language server, as an editor holds it.

use crate::support::seaworthy;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: u64,
    /// What the server said unasked and nobody has looked at.
    told: Vec<Value>,
}

impl Editor {
    fn start(dir: &Path) -> Self {
        let mut child = seaworthy()
            .args(["lsp", "--no-config"])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, next: 0, told: Vec::new() }
    }

    /// One that has greeted the server, with a folder open.
    fn greeted(dir: &Path) -> Self {
        let mut editor = Self::start(dir);
        let folders = json!([{"uri": format!("file://{}", dir.display()), "name": "x"}]);
        let answer = editor.ask("initialize", &json!({"capabilities": {}, "workspaceFolders": folders}));
        assert_eq!(answer["result"]["serverInfo"]["name"], "seaworthy", "{answer}");
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", &json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        input.flush().unwrap();
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server is gone");
            if line == "\r\n" {
                break;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
            self.told.push(message);
        }
    }

    fn open(&mut self, uri: &str, language: &str, text: &str) -> Vec<Value> {
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        self.diagnostics(uri)
    }

    fn change(&mut self, uri: &str, version: u64, changes: &Value) -> Vec<Value> {
        let document = json!({"uri": uri, "version": version});
        self.tell("textDocument/didChange", &json!({"textDocument": document, "contentChanges": changes}));
        self.diagnostics(uri)
    }

    /// The next diagnostics of a document.
    fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let at = self.told.iter().position(|one| {
                one["method"] == "textDocument/publishDiagnostics" && one["params"]["uri"] == uri
            });
            if let Some(at) = at {
                return self.told.remove(at)["params"]["diagnostics"].as_array().unwrap().clone();
            }
            let message = self.read();
            self.told.push(message);
        }
    }

    fn leave(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", &Value::Null)["result"], Value::Null);
        self.tell("exit", &Value::Null);
        self.child.wait().unwrap().code()
    }
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|one| one["code"].as_str().unwrap()).collect()
}

fn range(line: u64, from: u64, to: u64) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

/// The text after the edits of an action; the positions are UTF-16, as every editor's are.
fn applied(text: &str, action: &Value, uri: &str) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let place = |position: &Value| {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let mut starts = std::iter::once(0).chain(
            units.iter().enumerate().filter(|(_, unit)| **unit == u16::from(b'\n')).map(|(at, _)| at + 1),
        );
        starts.nth(line).unwrap() + usize::try_from(position["character"].as_u64().unwrap()).unwrap()
    };
    let mut edits: Vec<(usize, usize, &str)> = action["edit"]["changes"][uri]
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            (place(&edit["range"]["start"]), place(&edit["range"]["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_unstable();
    let mut out = units;
    for (start, end, new) in edits.into_iter().rev() {
        out.splice(start..end, new.encode_utf16());
    }
    String::from_utf16(&out).unwrap()
}

const TEXT: &str = "# \u{1F40B}\nFROM debian:12\nMAINTAINER \u{1F40B} a\nRUN a \\\n  && b\nUSER root\n";

#[test]
fn an_editor_sees_findings_reads_pages_and_applies_fixes() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    let uri = format!("file://{}/Dockerfile", dir.path().display());
    let mut editor = Editor::greeted(dir.path());
    let found = editor.open(&uri, "dockerfile", TEXT);
    assert!(
        codes(&found).contains(&"root-user") && codes(&found).contains(&"deprecated-maintainer"),
        "{found:#?}"
    );
    let root = found.iter().find(|one| one["code"] == "root-user").unwrap();
    assert_eq!((&root["range"], root["severity"].as_u64()), (&range(5, 5, 9), Some(1)));
    assert_eq!(root["source"], "seaworthy");
    let old = found.iter().find(|one| one["code"] == "deprecated-maintainer").unwrap();
    assert_eq!(old["tags"], json!([2]));

    let hover = editor.ask(
        "textDocument/hover",
        &json!({"textDocument": {"uri": uri}, "position": {"line": 5, "character": 6}}),
    );
    let page = hover["result"]["contents"]["value"].as_str().unwrap();
    assert!(page.contains("`root-user`") && page.contains("Why it matters"), "{page}");
    let nothing = editor.ask(
        "textDocument/hover",
        &json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}),
    );
    assert_eq!(nothing["result"], Value::Null);

    // The fix of the editor is the fix of the command, and the finding goes with it.
    let asked = json!({"textDocument": {"uri": uri}, "range": range(2, 0, 3), "context": {"diagnostics": [], "only": ["quickfix"]}});
    let actions = editor.ask("textDocument/codeAction", &asked)["result"].as_array().unwrap().clone();
    let fix = actions.iter().find(|one| !one["title"].as_str().unwrap().starts_with("Ignore")).unwrap();
    let fixed = applied(TEXT, fix, &uri);
    assert!(!fixed.contains("MAINTAINER"), "{fixed}");
    let after = editor.change(&uri, 2, &json!([{"text": fixed}]));
    assert!(!codes(&after).contains(&"deprecated-maintainer"), "{after:#?}");

    // A comment silences what it is put above, whole statements included.
    editor.change(&uri, 3, &json!([{"text": TEXT}]));
    let asked =
        json!({"textDocument": {"uri": uri}, "range": range(5, 6, 6), "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", &asked)["result"].as_array().unwrap().clone();
    let ignore = actions.iter().find(|one| one["title"] == "Ignore `root-user` here with a comment").unwrap();
    let silenced = applied(TEXT, ignore, &uri);
    assert!(silenced.contains("# seaworthy: ignore[root-user]\nUSER root\n"), "{silenced}");
    let after = editor.change(&uri, 4, &json!([{"text": silenced}]));
    assert!(!codes(&after).contains(&"root-user"), "{after:#?}");

    // Changes in the middle, behind characters of two units.
    let after = editor.change(&uri, 5, &json!([{"text": TEXT}, {"range": range(2, 11, 13), "text": "\u{1F40B}\u{1F40B}"}, {"range": range(5, 5, 9), "text": "10001"}]));
    assert!(!codes(&after).contains(&"root-user"), "{after:#?}");
    editor.tell("textDocument/didClose", &json!({"textDocument": {"uri": uri}}));
    assert_eq!(editor.diagnostics(&uri), Vec::<Value>::new());
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn all_safe_fixes_are_one_action() {
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("file://{}/Dockerfile", dir.path().display());
    let mut editor = Editor::greeted(dir.path());
    let text = "FROM debian:12 as Build\r\nRUN a \\\r\n\r\n  b\r\nENV A=\"\u{1F40B}\"\r\nFROM scratch\r\nCOPY --from=Build /a /\r\nUSER 1\r\n";
    let found = editor.open(&uri, "dockerfile", text);
    assert!(!found.is_empty());
    let asked = json!({"textDocument": {"uri": uri}, "range": range(0, 0, 0), "context": {"diagnostics": [], "only": ["source.fixAll"]}});
    let answer = editor.ask("textDocument/codeAction", &asked);
    let actions = answer["result"].as_array().unwrap();
    assert_eq!(actions.len(), 1, "{answer}");
    let fixed = applied(text, &actions[0], &uri);
    assert!(fixed.contains("RUN a \\\r\n  b\r\n"), "{fixed:?}");
    fs::write(dir.path().join("Dockerfile"), text).unwrap();
    let args = ["check", "--no-config", "--fix", "--exit-zero", "-qq"];
    assert!(seaworthy().args(args).current_dir(&dir).status().unwrap().success());
    assert_eq!(
        fs::read_to_string(dir.path().join("Dockerfile")).unwrap(),
        fixed,
        "the same as on the command line"
    );
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn what_other_files_say_counts_and_what_is_nothing_of_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".dockerignore"), "app\n").unwrap();
    let uri = |name: &str| format!("file://{}/{name}", dir.path().display());
    let mut editor = Editor::greeted(dir.path());
    let text = "FROM debian:12\nCOPY app /app\nUSER 1\nHEALTHCHECK NONE\nCMD [\"/app\"]\n";
    let found = editor.open(&uri("Dockerfile"), "dockerfile", text);
    assert!(codes(&found).contains(&"copy-ignored-path"), "{found:#?}");
    // The ignore file changes in the editor, and the Dockerfile's findings with it.
    editor.open(&uri(".dockerignore"), "ignore", "app\n");
    editor.change(&uri(".dockerignore"), 2, &json!([{"text": "apple\n"}]));
    let found = editor.diagnostics(&uri("Dockerfile"));
    assert!(!codes(&found).contains(&"copy-ignored-path"), "{found:#?}");
    // A document that is nothing of ours has no diagnostics, and asking about it is an error, not an end.
    let document = json!({"uri": uri("notes.yaml"), "languageId": "yaml", "version": 1, "text": "a: b\n"});
    editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
    let hover = json!({"textDocument": {"uri": uri("notes.yaml")}, "position": {"line": 0, "character": 0}});
    assert_eq!(editor.ask("textDocument/hover", &hover)["error"]["code"], -32602);
    // One without a file has a name all the same.
    let found = editor.open("untitled:Untitled-1", "dockerfile", "FROM debian:12\nUSER root\n");
    assert!(codes(&found).contains(&"root-user"), "{found:#?}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn the_protocols_rules_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut editor = Editor::start(dir.path());
    assert_eq!(editor.ask("textDocument/hover", &json!({}))["error"]["code"], -32002);
    editor.ask("initialize", &json!({"capabilities": {}, "rootUri": null}));
    assert_eq!(editor.ask("initialize", &json!({}))["error"]["code"], -32600);
    assert_eq!(editor.ask("no/such", &json!({}))["error"]["code"], -32601);
    editor.tell("no/such", &json!({}));
    editor.tell("textDocument/didChange", &json!({"nonsense": true}));
    editor.tell("textDocument/didOpen", &json!([1, 2]));
    editor.send(&json!([1]));
    assert_eq!(editor.read()["error"]["code"], -32700);
    // A request that is taken back before its turn: both arrive in one write.
    let both = [
        json!({"jsonrpc": "2.0", "id": "late", "method": "textDocument/hover", "params": {}}),
        json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "late"}}),
    ]
    .map(|message| message.to_string())
    .map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()))
    .concat();
    editor.input.as_mut().unwrap().write_all(both.as_bytes()).unwrap();
    let code = editor.read()["error"]["code"].as_i64().unwrap();
    assert!([-32800, -32602].contains(&code), "{code}");
    assert_eq!(editor.ask("shutdown", &Value::Null)["result"], Value::Null);
    assert_eq!(editor.ask("shutdown", &Value::Null)["error"]["code"], -32600);
    editor.tell("exit", &Value::Null);
    assert_eq!(editor.child.wait().unwrap().code(), Some(0));
    // A client that goes without a word is no orderly end, but an end.
    let mut rude = Editor::greeted(dir.path());
    drop(rude.input.take());
    assert_eq!(rude.child.wait().unwrap().code(), Some(1));
}

#[test]
fn typing_in_a_long_file_is_answered_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("file://{}/Dockerfile", dir.path().display());
    let mut text = String::from("FROM debian:12\n");
    while text.lines().count() < 500 {
        text.push_str("RUN apt-get update && apt-get install -y curl \\\n    git && \\\n    rm -rf /var/lib/apt/lists/*\nENV A=1 B=\"$PATH\"\nCOPY --chown=1:1 a /b/\n");
    }
    let mut editor = Editor::greeted(dir.path());
    editor.open(&uri, "dockerfile", &text);
    let mut times = Vec::new();
    for version in 2..22 {
        let start = Instant::now();
        editor.change(&uri, version, &json!([{"range": range(1, 0, 0), "text": "#"}]));
        times.push(start.elapsed());
    }
    times.sort();
    println!("a change in {} lines: median {:?}, worst {:?}", text.lines().count(), times[10], times[19]);
    // An unoptimised build on a busy machine is far slower than what people run.
    assert!(times[10] < Duration::from_secs(1), "{times:?}");
    assert_eq!(editor.leave(), Some(0));
}
