//! Permissions as Go's `FileMode.String` writes them, and as `ls` does.

use seaworthy_facts::FileKind;

/// Permissions in Go's words: `-rw-r--r--`, `drwxr-xr-x`, `Lrwxrwxrwx`, `dtrwxrwxrwx`, `urwxr-xr-x`.
pub fn mode_string(kind: FileKind, mode: u32) -> String {
    let mut text = String::new();
    match kind {
        FileKind::Directory => text.push('d'),
        FileKind::Symlink => text.push('L'),
        FileKind::BlockDevice => text.push('D'),
        FileKind::Fifo => text.push('p'),
        FileKind::CharDevice => text.push_str("Dc"),
        FileKind::File => {}
    }
    // The order is that of Go's bits: setuid, setgid, sticky. A character device's `c` comes before the sticky bit there.
    let special = [(0o4000, 'u'), (0o2000, 'g'), (0o1000, 't')];
    let at = if kind == FileKind::CharDevice { 1 } else { text.len() };
    let mut bits: String =
        special.iter().filter(|(bit, _)| mode & bit != 0 && *bit != 0o1000).map(|(_, ch)| *ch).collect();
    text.insert_str(at, &bits);
    bits.clear();
    if mode & 0o1000 != 0 {
        text.push('t');
    }
    if text.is_empty() {
        text.push('-');
    }
    rwx(mode, &mut text);
    text
}

fn rwx(mode: u32, text: &mut String) {
    for (bit, ch) in (0..9).rev().zip("rwxrwxrwx".chars()) {
        text.push(if mode & (1 << bit) != 0 { ch } else { '-' });
    }
}

/// The same as `ls -l` writes it.
pub(crate) fn ls(kind: FileKind, mode: u32) -> String {
    let mut text = String::new();
    text.push(match kind {
        FileKind::Directory => 'd',
        FileKind::Symlink => 'l',
        FileKind::BlockDevice => 'b',
        FileKind::CharDevice => 'c',
        FileKind::Fifo => 'p',
        FileKind::File => '-',
    });
    rwx(mode, &mut text);
    for (bit, at, executable, plain) in [(0o4000, 3, 's', 'S'), (0o2000, 6, 's', 'S'), (0o1000, 9, 't', 'T')]
    {
        if mode & bit != 0 {
            let ch = if text.as_bytes()[at] == b'x' { executable } else { plain };
            text.replace_range(at..=at, ch.encode_utf8(&mut [0; 4]));
        }
    }
    text
}

/// The kind and the mode that a text in the manner of `ls` states; nothing for any other text.
pub(crate) fn from_ls(text: &str) -> Option<(FileKind, u32)> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let kind = match bytes[0] {
        b'-' => FileKind::File,
        b'd' => FileKind::Directory,
        b'l' => FileKind::Symlink,
        b'b' => FileKind::BlockDevice,
        b'c' => FileKind::CharDevice,
        b'p' => FileKind::Fifo,
        _ => return None,
    };
    let mut mode = 0;
    for (at, byte) in bytes[1..].iter().enumerate() {
        let bit = 1 << (8 - at);
        let special = [0o4000, 0o2000, 0o1000][at / 3];
        mode |= match (at % 3, byte) {
            (0, b'r') | (1, b'w') | (2, b'x') => bit,
            (_, b'-') => 0,
            (2, b's') if at < 8 => bit | special,
            (2, b'S') if at < 8 => special,
            (2, b't') if at == 8 => bit | special,
            (2, b'T') if at == 8 => special,
            _ => return None,
        };
    }
    Some((kind, mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing() {
        for (kind, mode, go, like_ls) in [
            (FileKind::File, 0o644, "-rw-r--r--", "-rw-r--r--"),
            (FileKind::File, 0o4755, "urwxr-xr-x", "-rwsr-xr-x"),
            (FileKind::Directory, 0o1777, "dtrwxrwxrwx", "drwxrwxrwt"),
            (FileKind::Directory, 0o2755, "dgrwxr-xr-x", "drwxr-sr-x"),
            (FileKind::Symlink, 0o777, "Lrwxrwxrwx", "lrwxrwxrwx"),
            (FileKind::File, 0o6754, "ugrwxr-xr--", "-rwsr-sr--"),
            (FileKind::CharDevice, 0o666, "Dcrw-rw-rw-", "crw-rw-rw-"),
        ] {
            assert_eq!(mode_string(kind, mode), go);
            assert_eq!(ls(kind, mode), like_ls);
            assert_eq!(from_ls(like_ls), Some((kind, mode)));
        }
        assert_eq!(from_ls("dgrwxr-xr-x"), None);
        assert_eq!(from_ls("-rwxr-xr-z"), None);
    }
}
