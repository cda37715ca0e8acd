//! A model's config.json, and the same guessed from a header alone.
#![no_main]

use headscope::model::Gpt2;
use headscope::weights::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    for config in [Config::from_json(json).ok(), Config::from_header(json).ok()].into_iter().flatten() {
        assert!(config.n_head > 0 && config.d_head() * config.n_head == config.d_model);
        assert!(config.n_layer <= 48 && config.d_model <= 1600);
        assert_eq!(config.tensors().count(), 4 + 12 * config.n_layer);
        // Reads no more than the sizes.
        drop(Gpt2::empty(config.clone()));
        let _ = config.reads_as_gpt2();
    }
});
