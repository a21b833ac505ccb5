//! What the linter said of scripts it was given before: the same script is asked about again at every key that an editor
//! sends, and by every file that has the same line.

use crate::lint::{Dialect, NotLinted, Raw};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of scripts that are remembered; with more, everything is forgotten.
const MOST_BYTES: usize = 512 * 1024;

/// Scripts of a shell with everything that is set before them.
type Known = BTreeMap<(Dialect, String), Rc<[Raw]>>;

thread_local! {
    static KNOWN: RefCell<(Known, usize)> = const { RefCell::new((BTreeMap::new(), 0)) };
}

/// The findings of a text, which `read` makes where it was not seen lately.
///
/// # Errors
/// Gives the error of `read`, which is not remembered.
pub(crate) fn findings(
    dialect: Dialect,
    text: String,
    read: impl FnOnce(&str) -> Result<Vec<Raw>, NotLinted>,
) -> Result<Rc<[Raw]>, NotLinted> {
    let key = (dialect, text);
    let known = KNOWN.with_borrow(|(known, _)| known.get(&key).cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let found: Rc<[Raw]> = read(&key.1)?.into();
    KNOWN.with_borrow_mut(|(known, bytes)| {
        let size = key.1.len();
        if *bytes + size > MOST_BYTES {
            known.clear();
            *bytes = 0;
        }
        if size <= MOST_BYTES {
            *bytes += size;
            known.insert(key, Rc::clone(&found));
        }
    });
    Ok(found)
}
