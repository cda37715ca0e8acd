//! A host that answers as it likes: it cuts, sends too much, or other bytes. What is taken
//! is right, or has the length and the finite numbers of something that could be.
#![no_main]

use headscope::weights::{
    ByteSource, Index, Ledger, Loader, Manifest, MemorySource, MemoryStore, Part, SourceError, read_header,
    sha256,
};
use headscope_fuzz::{config, whole};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

/// How one request is answered.
#[derive(Arbitrary, Debug, Clone)]
enum Answer {
    Right {
        chunk: u8,
    },
    Cut {
        after: u16,
    },
    /// Ends early and says nothing of it.
    Short {
        after: u16,
    },
    /// Goes on behind what was asked for.
    Long {
        more: u16,
    },
    Other {
        at: u16,
        byte: u8,
    },
    Fails,
}

#[derive(Arbitrary, Debug)]
struct Host {
    answers: Vec<Answer>,
    length: Option<u32>,
    ranges: bool,
    versions: bool,
    guess: u16,
    parts: Vec<(u8, u8)>,
    hashes: bool,
    keeps: bool,
}

struct Hostile<'a> {
    host: &'a Host,
    left: RefCell<std::slice::Iter<'a, Answer>>,
}

impl ByteSource for Hostile<'_> {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(self.host.length.map_or(whole().len() as u64, u64::from))
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let all = whole();
        let place = |at: u64| (at as usize).min(all.len());
        let right = &all[place(range.start)..place(range.end)];
        let cut = |after: &u16| &right[..usize::from(*after).min(right.len())];
        match self.left.borrow_mut().next() {
            None => on_bytes(right),
            Some(Answer::Right { chunk }) => right.chunks(usize::from(*chunk) + 1).for_each(&mut *on_bytes),
            Some(Answer::Cut { after }) => {
                on_bytes(cut(after));
                return Err(SourceError::Cancelled);
            }
            Some(Answer::Short { after }) => on_bytes(cut(after)),
            Some(Answer::Long { more }) => {
                on_bytes(&all[place(range.start)..place(range.end + u64::from(*more))]);
            }
            Some(Answer::Other { at, byte }) => {
                let mut bytes = right.to_vec();
                let places = bytes.len().max(1);
                bytes.get_mut(usize::from(*at) % places).into_iter().for_each(|place| *place = *byte);
                on_bytes(&bytes);
            }
            Some(Answer::Fails) => return Err(SourceError::Cancelled),
        }
        Ok(())
    }

    fn serves_ranges(&self) -> bool {
        self.host.ranges
    }

    fn tells_versions(&self) -> bool {
        self.host.versions
    }
}

/// The hashes of all tensors.
static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
    let source = MemorySource::new(whole().to_vec());
    let header = pollster::block_on(read_header(&source, 64)).expect("a header");
    let index = Index::parse(&header, whole().len() as u64, config()).expect("an index");
    let line = |(tensor, _): (String, Vec<u64>)| {
        let Range { start, end } = index.span(&tensor).expect("a tensor").bytes.clone();
        format!("{tensor}\t?\t{}\n", sha256(&whole()[start as usize..end as usize]))
    };
    Manifest::from_tsv(&format!(
        "tensor\tshape\tsha256\n{}",
        config().tensors().map(line).collect::<String>()
    ))
});

fuzz_target!(|host: Host| {
    let source = Hostile { host: &host, left: RefCell::new(host.answers.iter()) };
    let Ok(header) = pollster::block_on(read_header(&source, host.guess.into())) else { return };
    let length = pollster::block_on(source.length()).expect("it has one");
    let Ok(index) = Index::parse(&header, length, config()) else { return };
    let tensors: Vec<(String, Vec<u64>)> = config().tensors().collect();
    let part = |(tensor, row): &(u8, u8)| {
        let (tensor, shape) = tensors[usize::from(*tensor) % tensors.len()].clone();
        let rows = shape[0] as usize;
        let row = usize::from(*row) % rows;
        let rows = if tensor == "wte.weight" { row..row + 1 } else { 0..rows };
        Part { tensor, rows }
    };
    let parts: Vec<Part> = host.parts.iter().take(12).map(part).collect();
    let (store, ledger, none) = (MemoryStore::default(), Ledger::default(), Manifest::default());
    let store = host.keeps.then_some(&store);
    let manifest = if host.hashes { &*MANIFEST } else { &none };
    // As often as a visitor would press once more.
    for _ in 0..3 {
        let loader = Loader {
            source: &source,
            store: &store,
            index: &index,
            manifest,
            ledger: &ledger,
            name: "a model",
            progress: &|arrived| assert!(arrived.stored <= arrived.done),
        };
        let load = loader.load(&parts, |part, numbers| {
            let span = index.span(&part.tensor).expect("a tensor");
            assert_eq!(numbers.len(), (part.rows.end - part.rows.start) * span.row_len());
            assert!(numbers.iter().all(|number| number.is_finite()));
            // Whole tensors have their hashes.
            if host.hashes && part.rows.end - part.rows.start == span.rows() {
                let first = numbers[0];
                assert!(numbers.iter().enumerate().all(|(i, number)| *number == first + i as f32));
            }
        });
        if pollster::block_on(load).is_ok() {
            break;
        }
    }
});
