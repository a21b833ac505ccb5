//! A program with arguments and environment, ready for execve without allocation.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use libc::c_char;

use crate::error::Error;
use crate::plan::{c_string, inner_path};
use crate::spec::DEFAULT_PATH;
use crate::sys;

/// The prepared arrays. The pointers lead into the strings beside them, which are never changed.
#[derive(Debug)]
pub(crate) struct Command {
    _strings: Vec<CString>,
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    /// The paths to try, in order: one per directory of `PATH`, or the program itself.
    candidates: Vec<CString>,
    /// Working directory inside the image.
    pub(crate) cwd: CString,
    /// The program as asked for, for messages.
    pub(crate) program: String,
}

// SAFETY: the pointers lead to heap memory the value itself owns and never changes.
unsafe impl Send for Command {}
// SAFETY: as above; shared reads of immutable memory are sound.
unsafe impl Sync for Command {}

impl Command {
    /// Prepares a command.
    ///
    /// # Errors
    /// When there is no program, or a string contains a NUL byte.
    pub(crate) fn new(argv: &[OsString], env: &[(String, String)], cwd: &Path) -> Result<Self, Error> {
        let program = argv.first().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| Error::invalid("there is no program to execute"))?;
        let mut strings = Vec::with_capacity(argv.len() + env.len());
        for argument in argv {
            strings.push(c_string(argument, "argument")?);
        }
        let mut variables: Vec<(&str, &str)> = Vec::with_capacity(env.len());
        for (key, value) in env {
            // An equals sign in the name would shift the border between name and value.
            if key.is_empty() || key.contains('=') {
                return Err(Error::invalid(format!("`{key}` is not a name of an environment variable")));
            }
            // Of two, the later one holds, as in Docker; a program would find the first.
            match variables.iter_mut().find(|(known, _)| known == key) {
                Some(known) => known.1 = value,
                None => variables.push((key, value)),
            }
        }
        for (key, value) in variables {
            strings.push(c_string(format!("{key}={value}"), "environment variable")?);
        }
        let pointers = |part: &[CString]| {
            part.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>()
        };
        let (arguments, variables) = strings.split_at(argv.len());
        let (argv, envp) = (pointers(arguments), pointers(variables));
        Ok(Self {
            argv,
            envp,
            candidates: candidates(program, env)?,
            cwd: inner_path(cwd, "working directory")?,
            program: program.to_string_lossy().into_owned(),
            _strings: strings,
        })
    }

    /// Tries the candidates in order, as a shell does: a missing one is passed over, one without permission is
    /// remembered. Returns the error number and whether the file that gave it exists. Runs in the child.
    pub(crate) fn execute(&self) -> (i32, bool) {
        let mut result = (libc::ENOENT, false);
        for path in &self.candidates {
            // SAFETY: both arrays end with a null pointer and lead to strings of this value.
            let errno = unsafe { sys::execve(path, self.argv.as_ptr(), self.envp.as_ptr()) };
            match errno {
                libc::ENOENT if sys::exists(path) => return (errno, true),
                libc::ENOENT | libc::ENOTDIR => {}
                libc::EACCES => result = (errno, true),
                _ => return (errno, true),
            }
        }
        result
    }
}

fn candidates(program: &OsStr, env: &[(String, String)]) -> Result<Vec<CString>, Error> {
    if program.as_bytes().contains(&b'/') {
        return Ok(vec![c_string(program, "program")?]);
    }
    let path =
        env.iter().rev().find(|(key, _)| key == "PATH").map_or(DEFAULT_PATH, |(_, value)| value.as_str());
    path.split(':')
        .map(|directory| {
            let directory = if directory.is_empty() { "." } else { directory };
            c_string(Path::new(directory).join(program), "program")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_follow_path() {
        let env = [("PATH".to_owned(), "/a::/b".to_owned())];
        let list = candidates(OsStr::new("x"), &env).unwrap();
        assert_eq!(list, [c"/a/x".to_owned(), c"./x".to_owned(), c"/b/x".to_owned()]);
        assert_eq!(candidates(OsStr::new("./x"), &env).unwrap(), [c"./x".to_owned()]);
        assert_eq!(candidates(OsStr::new("x"), &[]).unwrap().len(), 6);
    }

    #[test]
    fn what_the_kernel_cannot_take_is_refused() {
        let cwd = Path::new("/");
        assert!(Command::new(&[], &[], cwd).is_err());
        assert!(Command::new(&["a\0b".into()], &[], cwd).is_err());
        assert!(Command::new(&["a".into()], &[("A=B".into(), "c".into())], cwd).is_err());
        assert!(Command::new(&["a".into()], &[], Path::new("../x")).is_err());
        let twice = [("A".into(), "1".into()), ("B".into(), String::new()), ("A".into(), "2".into())];
        let command = Command::new(&["a".into()], &twice, cwd).unwrap();
        assert_eq!(command._strings[1..], [c"A=2".to_owned(), c"B=".to_owned()]);
    }
}
