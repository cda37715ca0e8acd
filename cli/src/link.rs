//! Links as people give them to a command.

use anyhow::{Result, bail};
use headscope::web::{Settings, link};

/// Reads a link: the whole address of the page, or what stands in it after `#`. What of
/// it cannot be used is told on standard error, as the page tells it.
pub fn read(given: &str) -> Result<Settings> {
    let given = given.trim();
    let hash = match given.split_once('#') {
        Some((_, hash)) => hash,
        // An address alone opens the page as it is.
        None if given.contains("://") => "",
        None => given,
    };
    if !hash.is_empty() && link::is_empty(hash) {
        bail!(
            "“{given}” is no link to a study: it has none of a link's keys, as in \"#v=1&model=gpt2&seed=5\""
        );
    }
    let (settings, problems) = link::parse(hash);
    for problem in problems {
        eprintln!("{} {}", problem.message, problem.consequence);
    }
    Ok(settings)
}
