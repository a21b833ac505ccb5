//! Whether a binary runs alone, without a dynamic loader and libraries the image does not have.

use crate::BuildError;
use object::Endianness;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};

/// Accepts only ELF files without an interpreter and without needed libraries.
///
/// # Errors
/// [`BuildError::Input`] for a dynamic binary, [`BuildError::Answer`] for what is no 64-bit ELF file.
pub(super) fn require_static(binary: &[u8], name: &str) -> Result<(), BuildError> {
    match needs(binary) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(BuildError::input(
            format!(
                "the binary `{name}` is linked dynamically: it needs {what}, and the image has no libraries"
            ),
            "remove `-crt-static`, `dylib` dependencies and custom linkers from the project's cargo configuration, or \
             build a Dockerfile with a base image",
        )),
        Err(problem) => Err(BuildError::Answer { what: format!("the binary `{name}`"), problem }),
    }
}

/// The interpreter or the first needed library.
fn needs(binary: &[u8]) -> Result<Option<String>, String> {
    let text = |error: object::Error| error.to_string();
    let header = FileHeader64::<Endianness>::parse(binary).map_err(text)?;
    let endian = header.endian().map_err(text)?;
    let segments = header.program_headers(endian, binary).map_err(text)?;
    for segment in segments {
        if segment.p_type(endian) == PT_INTERP {
            let bytes = segment.data(endian, binary).unwrap_or_default();
            let path = String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
            return Ok(Some(format!("the loader {path}")));
        }
        if let Ok(Some(entries)) = segment.dynamic(endian, binary)
            && entries.iter().any(|entry| entry.d_tag(endian) == DT_NEEDED)
        {
            return Ok(Some("shared libraries".to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_binary_itself_is_dynamic_and_text_is_no_elf() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if own.windows(9).any(|window| window == b"/ld-linux") {
            let error = require_static(&own, "x").unwrap_err();
            assert!(error.to_string().contains("the loader /"), "{error}");
        }
        assert!(matches!(require_static(b"#!/bin/sh", "x"), Err(BuildError::Answer { .. })));
    }
}
