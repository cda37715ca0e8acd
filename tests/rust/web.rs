//! Links, settings and results files, without a browser.

mod catalogue;
mod changes;
mod earlier;
mod links;
mod model_address;
mod prompt_set;
mod results;
mod settings;
mod texts;

use headscope::web::{Settings, link};

/// The settings that a link could not give.
pub fn keys(hash: &str) -> Vec<String> {
    link::parse(hash).1.into_iter().map(|problem| problem.key).collect()
}

/// The settings of a link that is as it should be.
pub fn settings(hash: &str) -> Settings {
    let (settings, problems) = link::parse(hash);
    assert_eq!(problems, [], "{hash}");
    settings
}
