//! Where what a command makes goes.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes a file as a whole or not at all; to standard output where there is none.
pub fn write(path: Option<&Path>, bytes: &[u8]) -> Result<()> {
    let Some(path) = path else {
        return match io::stdout().lock().write_all(bytes) {
            // Whoever reads has had enough, as `head` has.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("standard output cannot be written"),
        };
    };
    let shown = || format!("{} cannot be written", path.display());
    let beside = beside(path, "new");
    fs::write(&beside, bytes).with_context(shown)?;
    fs::rename(&beside, path).with_context(shown)
}

/// The path of a file beside another, with a further ending.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ending);
    name.into()
}
