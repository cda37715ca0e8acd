//! What has to hold of everything, tried on drawn values. Natively alone: a browser has no
//! files for what failed once.

mod headers;
mod imports;
mod loads;
mod prompts;
mod settings;
mod texts;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

/// Tries a property on so many drawn values, or on as many times as many as
/// HEADSCOPE_PROPERTIES says. What fails is noted in tests/proptest-regressions/ under the
/// file's name, and tried first from then on.
fn holds<S: Strategy>(
    file: &'static str,
    cases: u32,
    values: &S,
    property: impl Fn(S::Value) -> TestCaseResult,
) {
    let times = std::env::var("HEADSCOPE_PROPERTIES").map_or(1, |times| times.parse().unwrap());
    let config = Config { source_file: Some(file), ..Config::with_cases(cases * times) };
    if let Err(error) = TestRunner::new(config).run(values, property) {
        panic!("{error}");
    }
}
