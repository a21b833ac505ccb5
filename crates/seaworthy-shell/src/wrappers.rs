//! Programs that run another one, and how many words they take before it.

/// A wrapper, its options that take the next word, and how many words of its own it takes before the program.
const WRAPPERS: &[(&str, &[&str], usize)] = &[
    ("builtin", &[], 0),
    ("doas", &["-u", "-C"], 0),
    ("eatmydata", &[], 0),
    ("env", &["-u", "--unset", "-C", "--chdir"], 0),
    ("exec", &["-a"], 0),
    ("fakeroot", &["-l", "-f", "-i", "-s", "-b"], 0),
    ("gosu", &[], 1),
    ("ionice", &["-c", "-n", "--class", "--classdata"], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("su-exec", &[], 1),
    (
        "sudo",
        &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--prompt"],
        0,
    ),
    ("time", &["-f", "-o", "--format", "--output"], 0),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    (
        "xargs",
        &[
            "-a",
            "-d",
            "-E",
            "-I",
            "-L",
            "-n",
            "-P",
            "-s",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
        ],
        0,
    ),
];

/// Words of the grammar that only the reader of broken scripts leaves in front of a program.
const KEYWORDS: [&str; 9] = ["then", "do", "else", "elif", "if", "while", "!", "{", "("];

/// How many words come before the program: assignments, and wrappers with their options.
pub(crate) fn before(words: &[String]) -> usize {
    let mut at = 0;
    let mut wrapper = None;
    while let Some(word) = words.get(at) {
        if assignment(word).is_some() || KEYWORDS.contains(&word.as_str()) {
            at += 1;
            continue;
        }
        let Some(behind) = behind_wrapper(words, at) else { return at };
        wrapper = Some(at);
        at = behind;
    }
    // A wrapper without a program behind it is the program.
    wrapper.unwrap_or(at)
}

/// Where the words of the program begin that the wrapper at `at` runs.
fn behind_wrapper(words: &[String], at: usize) -> Option<usize> {
    let name = name(&words[at]);
    if name == "command" {
        let queries = |word: &String| word.starts_with('-') && word != "-p" && word != "--";
        return words.get(at + 1).is_some_and(|word| !queries(word)).then(|| {
            at + 1 + words[at + 1..].iter().take_while(|word| *word == "-p" || *word == "--").count()
        });
    }
    let (_, valued, own) = WRAPPERS.iter().find(|(known, ..)| *known == name)?;
    let mut next = at + 1;
    while let Some(word) = words.get(next) {
        if word == "--" {
            next += 1;
            break;
        }
        if !word.starts_with('-') {
            break;
        }
        next += 1 + usize::from(valued.contains(&word.as_str()));
    }
    Some((next + own).min(words.len()))
}

/// Name and value of a word that sets a variable.
pub(crate) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let plain = name.strip_suffix('+').unwrap_or(name);
    let first = plain.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (first && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        .then_some((plain, value))
}

/// A program's name without its directory.
pub(crate) fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}
