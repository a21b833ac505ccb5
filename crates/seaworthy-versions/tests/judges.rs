//! The order of versions beside the tools that define it, on pairs drawn afresh.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_versions::Scheme;
use std::cmp::Ordering;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A generator that is fair enough for a sample, and the same on every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// A version of a few pieces.
    fn version(&mut self, pieces: &[&str]) -> String {
        let number =
            (1..=self.below(4) + 1).map(|_| self.below(12).to_string()).collect::<Vec<_>>().join(".");
        let rest = (0..self.below(3)).map(|_| {
            let piece = pieces[self.below(pieces.len())];
            format!("{piece}{}", self.below(12))
        });
        number + &rest.collect::<String>()
    }
}

fn word(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "lt",
        Ordering::Equal => "eq",
        Ordering::Greater => "gt",
    }
}

/// Whether a program ends well, so that it can judge.
fn works(program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = ran.is_ok_and(|status| status.success());
    let required = std::env::var_os("SEAWORTHY_REQUIRE_PARTS").is_some();
    assert!(works || !required, "`{program} {}` is required here", args.join(" "));
    if !works {
        let _ = writeln!(std::io::stderr(), "skipped: no `{program} {}`", args.join(" "));
    }
    works
}

#[test]
fn dpkg_orders_alike() {
    if !works("dpkg", &["--version"]) {
        return;
    }
    let mut draw = Draw(7);
    for _ in 0..400 {
        let pieces = ["~rc", "+dfsg", "-", ".", "~", "a", "+deb12u", "-1ubuntu"];
        let (left, right) = (draw.version(&pieces), draw.version(&pieces));
        let ours = word(Scheme::Deb.compare(&left, &right));
        let same = Command::new("dpkg").args(["--compare-versions", &left, ours, &right]).status().unwrap();
        assert!(same.success(), "dpkg does not say {left} {ours} {right}");
    }
}

#[test]
fn packaging_orders_alike() {
    if !works("/usr/bin/python3", &["-c", "import packaging.version"]) {
        return;
    }
    let mut draw = Draw(11);
    let pieces = ["a", "b", "rc", ".post", ".dev", "-", "+l", "c", ".alpha"];
    let pairs: Vec<(String, String)> =
        (0..1000).map(|_| (draw.version(&pieces), draw.version(&pieces))).collect();
    let program = "import sys\nfrom packaging.version import Version, InvalidVersion\nfor line in sys.stdin:\n a, b = line.split()\n try:\n  a, b = Version(a), Version(b)\n except InvalidVersion:\n  print('?'); continue\n print('lt' if a < b else 'gt' if a > b else 'eq')\n";
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> = pairs.iter().map(|(left, right)| format!("{left} {right}")).collect();
    let input = lines.join("\n");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(out.stdout).unwrap();
    let mut judged = 0;
    for ((left, right), answer) in pairs.iter().zip(answers.lines()).filter(|(_, answer)| *answer != "?") {
        assert_eq!(word(Scheme::PyPi.compare(left, right)), answer, "{left} {right}");
        judged += 1;
    }
    assert!(judged > 200, "only {judged} pairs are versions");
}

#[test]
fn every_text_has_one_place() {
    let mut draw = Draw(3);
    let pieces = ["~", "^", "-r", "_rc", "..", "é", "-", "+", "!", ":", "v", " ", "#", "@", "*final"];
    let schemes = [
        "Alpine",
        "CRAN",
        "Debian:12",
        "Hackage",
        "Maven",
        "NuGet",
        "Packagist",
        "Pub",
        "PyPI",
        "Red Hat",
        "RubyGems",
        "npm",
    ];
    for name in schemes {
        let scheme = Scheme::of_ecosystem(name).unwrap();
        for _ in 0..500 {
            let (left, right) = (draw.version(&pieces), draw.version(&pieces));
            assert_eq!(
                scheme.compare(&left, &right),
                scheme.compare(&right, &left).reverse(),
                "{name}: {left} {right}"
            );
            assert_eq!(scheme.compare(&left, &left), Ordering::Equal, "{name}: {left}");
        }
    }
}
