//! A model file: its header is read as the safetensors crate reads it, and every tensor
//! lies inside of the file.
#![no_main]

use headscope::weights::{Index, MemorySource, read_header};
use headscope_fuzz::{config, sharded};
use libfuzzer_sys::fuzz_target;
use safetensors::SafeTensors;

fuzz_target!(|file: &[u8]| {
    let length = file.len() as u64;
    let source = MemorySource::in_chunks(file.to_vec(), 11);
    let header = pollster::block_on(read_header(&source, 64));
    // Without an architecture, as a file among several.
    let ours = sharded(vec![file.to_vec()]);
    if let Ok(header) = &header
        && let Ok(index) = Index::parse(header, length, config())
    {
        for (tensor, shape) in config().tensors() {
            let span = index.span(&tensor).expect("a tensor of the architecture");
            let numbers = shape.iter().product::<u64>();
            assert!(
                span.bytes.end <= length
                    && span.bytes.end - span.bytes.start == numbers * span.dtype.size() as u64
            );
        }
    }
    if SafeTensors::deserialize(file).is_ok() {
        assert!(ours.is_some(), "the safetensors crate reads it");
    }
});
