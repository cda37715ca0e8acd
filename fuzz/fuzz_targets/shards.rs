//! A model in several files: the list of them, and the files. What is read as one is one.
#![no_main]

use headscope::weights::{ByteSource, Index, MemorySource, ShardMap, ShardedSource};
use headscope_fuzz::{config, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parts = parts(input);
    let Some((list, files)) = parts.split_first() else { return };
    let map = ShardMap::from_json(list).ok();
    let names = map.as_ref().map(ShardMap::files).unwrap_or_default();
    assert!(names.iter().all(|name| !name.contains('/') && !name.starts_with('.')));
    for map in [map.as_ref(), None] {
        let named = files.iter().enumerate().map(|(i, file)| {
            let name = names.get(i).cloned().unwrap_or_else(|| format!("{i}.safetensors"));
            (name, MemorySource::in_chunks(file.to_vec(), 11))
        });
        let Ok(source) = pollster::block_on(ShardedSource::open(named.collect(), map)) else { continue };
        let length = pollster::block_on(source.length()).expect("it is in memory");
        let mut read = 0;
        pollster::block_on(source.read(0..length, &mut |more| read += more.len() as u64))
            .expect("it is in memory");
        assert_eq!(read, length);
        let _ = Index::parse(source.header(), length, config());
    }
});
