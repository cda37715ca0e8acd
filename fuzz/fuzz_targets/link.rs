//! The text after `#`: whatever it was taken for, the page's own link says the same.
#![no_main]

use headscope::web::link;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|hash: &str| {
    let (settings, problems) = link::parse(hash);
    for problem in &problems {
        assert!(!problem.message.is_empty() && !problem.consequence.is_empty());
    }
    let written = link::format(&settings);
    let (again, problems) = link::parse(&written);
    assert_eq!(again, settings, "{written}");
    assert_eq!(problems, [], "{written}");
    assert!(!link::is_empty(&written));
});
