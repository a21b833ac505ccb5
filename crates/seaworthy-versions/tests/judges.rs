//! The order of versions beside the tools that define it, on pairs drawn afresh.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use seaworthy_versions::Scheme;
use std::cmp::Ordering;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Pairs that each judge is asked about.
const PAIRS: usize = 2000;

/// A generator that is fair enough for a sample. It is the same on every run unless `SEAWORTHY_SEED` is a number.
struct Draw(u64);

impl Draw {
    fn new(own: u64) -> Self {
        let seed = std::env::var("SEAWORTHY_SEED").ok().and_then(|text| text.parse::<u64>().ok());
        Self(own ^ seed.unwrap_or_default().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// A version of a few pieces.
    fn version(&mut self, pieces: &[&str]) -> String {
        let count = self.below(4) + 1;
        self.numbered(count, pieces)
    }

    /// One of so many numbers and a few pieces.
    fn numbered(&mut self, count: usize, pieces: &[&str]) -> String {
        let number = (0..count).map(|_| self.below(12).to_string()).collect::<Vec<_>>().join(".");
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
    let mut draw = Draw::new(7);
    for _ in 0..PAIRS {
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
    let mut draw = Draw::new(11);
    let pieces = ["a", "b", "rc", ".post", ".dev", "-", "+l", "c", ".alpha"];
    let pairs: Vec<_> = (0..PAIRS).map(|_| (draw.version(&pieces), draw.version(&pieces))).collect();
    let program = "import sys\nfrom packaging.version import Version, InvalidVersion\nfor line in sys.stdin:\n a, b = line.split()\n try:\n  a, b = Version(a), Version(b)\n except InvalidVersion:\n  print('?'); continue\n print('lt' if a < b else 'gt' if a > b else 'eq')\n";
    let judged = alike(Scheme::PyPi, "/usr/bin/python3", &["-c", program], &pairs);
    assert!(judged > 400, "only {judged} pairs are versions");
}

#[test]
fn node_semver_orders_alike() {
    // npm carries its own; where it lies depends on who packaged it.
    let found = "let s; for (const at of ['semver', '/usr/lib/node_modules/npm/node_modules/semver', '/usr/local/lib/node_modules/npm/node_modules/semver', '/usr/share/nodejs/semver']) { try { s = s || require(at) } catch (e) {} } if (!s) process.exit(1);";
    let ran = Command::new("node").args(["-e", found]).stderr(Stdio::null()).status();
    if !ran.is_ok_and(|status| status.success()) {
        let _ = writeln!(std::io::stderr(), "skipped: no node with npm's semver");
        return;
    }
    let mut draw = Draw::new(13);
    let pieces = ["-alpha.", "-beta", "-rc.", "+build.", ".0", "-", "-x.y", ".a"];
    let pairs: Vec<_> = (0..PAIRS).map(|_| (draw.numbered(3, &pieces), draw.numbered(3, &pieces))).collect();
    let program = format!(
        "{found} for (const line of require('fs').readFileSync(0, 'utf8').split('\\n')) {{ const [a, b] = line.split(' '); \
         console.log(s.valid(a) && s.valid(b) ? ['lt', 'eq', 'gt'][s.compare(a, b) + 1] : '?') }}"
    );
    let judged = alike(Scheme::SemVer, "node", &["-e", &program], &pairs);
    assert!(judged > 400, "only {judged} pairs are versions");
}

/// Holds every pair that the judge takes for versions against its answer; gives how many those are.
fn alike(scheme: Scheme, program: &str, args: &[&str], pairs: &[(String, String)]) -> usize {
    let mut child =
        Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = pairs.iter().map(|(left, right)| format!("{left} {right}")).collect();
    let input = lines.join("\n");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(out.stdout).unwrap();
    assert_eq!(answers.lines().count(), pairs.len(), "{program} did not judge every pair");
    let mut judged = 0;
    for ((left, right), answer) in pairs.iter().zip(answers.lines()).filter(|(_, answer)| *answer != "?") {
        assert_eq!(word(scheme.compare(left, right)), answer, "{left} {right}");
        judged += 1;
    }
    judged
}

#[test]
fn every_text_has_one_place() {
    let mut draw = Draw::new(3);
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
