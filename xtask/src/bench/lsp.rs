//! `lsp`: how long an editor waits for the diagnostics of a file of 500 lines after a key was pressed.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::Bench;
use super::figures::{Kind, Role, Row, Table};

/// Lines of each file.
const LINES: usize = 500;

/// Keys that are pressed and counted.
const KEYS: usize = 40;

/// A file: what it is, its name, how it begins, and the lines that are repeated until there are enough.
const CASES: [(&str, &str, &str, Piece); 3] = [
    ("Dockerfile", "Dockerfile", "FROM debian:12\nENV HOME_OF_APP=/srv PORT=8080\n", |out, at| {
        _ = writeln!(
            out,
            "# step {at}\nRUN apt-get update && apt-get install -y --no-install-recommends curl \\\n    \
             libfoo{at} \\\n    && rm -rf /var/lib/apt/lists/*\nENV A{at}=\"$PORT-{at}\"\nCOPY src/{at} \
             /srv/{at}/\nRUN if [ \"$A{at}\" = \"{at}\" ]; then cd $HOME_OF_APP && make target{at}; fi\n\
             RUN curl -fsSL https://example.com/{at}.tgz | tar xz -C /opt\nLABEL l{at}=\"{at}\"\nRUN echo {at}"
        );
    }),
    ("compose file", "compose.yaml", "services:\n", |out, at| {
        _ = writeln!(
            out,
            "  s{at}:\n    image: example/app:{at}\n    ports:\n      - \"{}:80\"\n    environment:\n      \
             A: \"{at}\"\n      B: ${{B{at}:-x}}\n    depends_on: [s{}]\n    volumes:\n      - ./d{at}:/data",
            8000 + at,
            at / 2
        );
    }),
    ("workflow", ".github/workflows/build.yml", "name: build\non: push\njobs:\n", |out, at| {
        _ = writeln!(
            out,
            "  j{at}:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: \
             docker/metadata-action@v5\n        id: meta\n        with:\n          images: example/app{at}\n          \
             tags: |\n            type=semver,pattern={{{{version}}}}\n      - uses: docker/build-push-action@v6\n        \
             with:\n          push: ${{{{ github.event_name != 'pull_request' }}}}\n          tags: ${{{{ \
             steps.meta.outputs.tags }}}}\n      - run: docker run --rm example/app{at} --version"
        );
    }),
];

/// Adds one more piece of a file.
type Piece = fn(&mut String, usize);

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let keys = bench.rounds(KEYS);
    let mut rows = Vec::new();
    for (title, name, start, piece) in CASES {
        let mut text = start.to_owned();
        let mut at = 0;
        while text.lines().count() < LINES {
            piece(&mut text, at);
            at += 1;
        }
        let lines: Vec<&str> = text.lines().take(LINES).collect();
        let text = lines.join("\n") + "\n";
        let mut row = Row::new(format!("{title}, a key"), Role::Own);
        let mut opened = Row::new(format!("{title}, opened"), Role::Own);
        let folder = bench.folder(&format!("lsp/{}", title.replace(' ', "-")))?;
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().context("a file without a folder")?)?;
        std::fs::write(&file, &text)?;
        let mut editor = Editor::start(bench, &folder)?;
        let uri = format!("file://{}", file.display());
        let item = json!({"uri": uri, "languageId": "", "version": 0, "text": text});
        let begun = Instant::now();
        editor.notify("textDocument/didOpen", &json!({ "textDocument": item }))?;
        editor.diagnostics(0)?;
        opened.record(Ok(vec![(Kind::Wall, begun.elapsed().as_secs_f64())]));
        // A letter behind the last word of a line that has one, and the key that takes it back.
        let places: Vec<(usize, usize)> = lines.iter().enumerate().filter_map(last_word).collect();
        for key in 2..keys + 2 {
            let (line, end) = places[(places.len() / 4 + key / 2 * 37) % places.len()];
            let (from, to) =
                (json!({"line": line, "character": end}), json!({"line": line, "character": end + 1}));
            let change = if key % 2 == 0 {
                json!({"range": {"start": from, "end": from}, "text": "x"})
            } else {
                json!({"range": {"start": from, "end": to}, "text": ""})
            };
            let document = json!({"uri": uri, "version": key});
            let params = json!({"textDocument": document, "contentChanges": [change]});
            let begun = Instant::now();
            editor.notify("textDocument/didChange", &params)?;
            editor.diagnostics(key)?;
            row.record(Ok(vec![(Kind::Wall, begun.elapsed().as_secs_f64())]));
        }
        editor.stop()?;
        rows.push(row);
        rows.push(opened);
    }
    Ok(vec![Table {
        bench: "lsp",
        case: format!("{LINES} lines, {keys} keys"),
        note: "Budget: at most 20 ms from the key to the diagnostics, as the editor sees it.".to_owned(),
        kinds: vec![Kind::Wall],
        rows,
    }])
}

/// The number of a line and where its last word ends, where it ends in a word.
fn last_word((number, line): (usize, &&str)) -> Option<(usize, usize)> {
    let line = line.trim_end_matches(['\\', ' ']);
    line.ends_with(|ch: char| ch.is_ascii_alphanumeric()).then_some((number, line.len()))
}

/// The editor's end of a server.
struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Editor {
    fn start(bench: &Bench, folder: &std::path::Path) -> anyhow::Result<Self> {
        let mut command = Command::new(&bench.seaworthy);
        command.args(["lsp", "--no-config", "--offline"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no standard input")?;
        let output = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut editor = Self { child, input, output };
        let root = format!("file://{}", folder.display());
        editor.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {"capabilities": {}, "rootUri": root}}))?;
        while editor.receive()?.get("id").is_none() {}
        editor.notify("initialized", &json!({}))?;
        Ok(editor)
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        Ok(self.input.flush()?)
    }

    fn notify(&mut self, method: &str, params: &Value) -> anyhow::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    fn receive(&mut self) -> anyhow::Result<Value> {
        let mut length = None;
        loop {
            let mut line = String::new();
            anyhow::ensure!(self.output.read_line(&mut line)? > 0, "the server ended");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("Content-Length:") {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let mut body = vec![0; length.context("a message without its length")?];
        self.output.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// Waits for the diagnostics of a version.
    fn diagnostics(&mut self, version: usize) -> anyhow::Result<()> {
        loop {
            let message = self.receive()?;
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["version"].as_u64() == u64::try_from(version).ok()
            {
                return Ok(());
            }
        }
    }

    fn stop(mut self) -> anyhow::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "shutdown", "params": null}))?;
        while self.receive()?.get("id").is_none() {}
        self.notify("exit", &Value::Null)?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}
