//! `large`: files made to be slow. Each case runs at a tenth of its size and whole; a ratio near 10 is linear.

use std::fmt::Write as _;

use super::Bench;
use super::figures::{Field, Kind, Role, Table};
use super::measure::Call;

/// A case: what it is, the file's name, its largest count, and how to make the text of a count.
type Case = (&'static str, &'static str, usize, fn(usize) -> String);

const CASES: [Case; 20] = [
    ("one RUN line, 10 MB (4 MB is read)", "Dockerfile", 400_000, |n| {
        format!("FROM a:1\nRUN {}\n", "echo a && ".repeat(n) + "true")
    }),
    ("one line without an instruction", "Dockerfile", 4_000_000, |n| "a".repeat(n)),
    ("instructions", "Dockerfile", 100_000, |n| {
        String::from("FROM a:1\n") + &"RUN apt-get install curl\n".repeat(n)
    }),
    ("continued lines", "Dockerfile", 100_000, |n| {
        String::from("FROM a:1\nRUN true") + &" \\\n # c\n && apt-get update".repeat(n) + "\n"
    }),
    ("variables", "Dockerfile", 50_000, |n| {
        numbered("FROM a:1\n", n, |out, at| _ = writeln!(out, "ENV A{at}=${{A{}:-b}}", at / 2))
    }),
    ("stages", "Dockerfile", 20_000, |n| {
        numbered("", n, |out, at| _ = writeln!(out, "FROM a:1 AS s{at}\nCOPY --from=s{} /x /x", at / 2))
    }),
    ("heredocs", "Dockerfile", 20_000, |n| {
        String::from("FROM a:1\n") + &"RUN <<E\nset -e\napt-get update | cat\nE\n".repeat(n)
    }),
    ("nested expansions", "Dockerfile", 100_000, |n| {
        format!("FROM a:1\nENV A={}{}\n", "${A:-".repeat(n), "}".repeat(n))
    }),
    ("nested JSON", "Dockerfile", 500_000, |n| format!("FROM a:1\nCMD {}\n", "[".repeat(n))),
    ("nested substitutions", "Dockerfile", 20_000, |n| {
        format!("FROM a:1\nRUN echo {}{}\n", "$(echo ".repeat(n), ")".repeat(n))
    }),
    ("nested brackets in a script", "Dockerfile", 100_000, |n| {
        format!("FROM a:1\nRUN {} a\n", "( { if ".repeat(n))
    }),
    ("errors", "Dockerfile", 100_000, |n| String::from("FROM a:1\n") + &"EXPOSE x # y\nCOPYY a\n".repeat(n)),
    ("services", "compose.yaml", 10_000, |n| {
        numbered("services:\n", n, |out, at| {
            _ = writeln!(
                out,
                "  s{at}:\n    image: a\n    ports: [\"{at}:80\"]\n    depends_on: [s{}]",
                at / 2
            );
        })
    }),
    ("nested flow sequences", "compose.yaml", 100_000, |n| format!("services: {}\n", "[".repeat(n))),
    ("aliases of aliases", "compose.yaml", 30, |n| {
        numbered("x-0: &a0 [a, a]\n", n, |out, at| {
            _ = writeln!(out, "x-{}: &a{} [*a{at}, *a{at}]", at + 1, at + 1);
        }) + "services: {a: {command: *a1}}\n"
    }),
    ("merge keys", "compose.yaml", 5_000, |n| {
        numbered("x-0: &a0 {image: a}\nservices:\n", n, |out, at| {
            _ = writeln!(
                out,
                "  s{at}: &s{at} {{<<: [*a0, {}]}}",
                if at == 0 { "*a0".to_owned() } else { format!("*s{}", at - 1) }
            );
        })
    }),
    ("jobs", ".github/workflows/a.yml", 5_000, |n| {
        numbered("on: push\njobs:\n", n, |out, at| {
            _ = writeln!(
                out,
                "  j{at}:\n    needs: [j{}]\n    runs-on: u\n    steps:\n      - uses: a/b@v1\n      - run: echo ${{{{ github.head_ref }}}}",
                at / 2
            );
        })
    }),
    ("nested expressions", ".github/workflows/a.yml", 100_000, |n| {
        format!(
            "on: push\njobs:\n  a:\n    runs-on: u\n    steps:\n      - run: echo ${{{{ {}1{} }}}}\n",
            "(".repeat(n),
            ")".repeat(n)
        )
    }),
    ("links, quotes and fences", "README.md", 50_000, |n| {
        "> [a](b.md) `docker run -p 80:80 a`\n\n```sh\ndocker run a\n```\n".repeat(n)
    }),
    ("patterns", ".dockerignore", 50_000, |n| {
        numbered("", n, |out, at| _ = writeln!(out, "**/a{at}*\n!**/a{at}b"))
    }),
];

fn numbered(start: &str, count: usize, line: fn(&mut String, usize)) -> String {
    let mut out = start.to_owned();
    for at in 0..count {
        line(&mut out, at);
    }
    out
}

pub(crate) fn run(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let folder = bench.folder("large")?;
    let mut tables = Vec::new();
    for (at, (title, name, count, text)) in CASES.into_iter().enumerate() {
        let mut field = Field::default();
        let mut sizes = Vec::new();
        for (share, role) in [(10, Role::Floor), (1, Role::Own)] {
            let root = folder.join(format!("{at}-{share}"));
            let file = root.join(name);
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let text = text(count / share);
            std::fs::write(&file, &text)?;
            if name == ".dockerignore" {
                std::fs::write(root.join("Dockerfile"), "FROM a:1\nCOPY . /a\n")?;
            }
            sizes.push(text.len());
            let root = root.display().to_string();
            let args = ["check", "--no-config", "--quiet", "--offline", "--persona=auditor", &root];
            let call = Call::new(&bench.seaworthy, &args).findings_allowed();
            field.add(if share == 1 { "whole" } else { "a tenth" }, role, move || call.cost());
        }
        tables.push(Table {
            bench: "large",
            case: format!("{title} ({count}, {} kB)", sizes.last().copied().unwrap_or(0) / 1000),
            note: String::new(),
            kinds: vec![Kind::Cpu, Kind::Rss],
            rows: field.run(bench.rounds(1)),
        });
    }
    Ok(tables)
}
