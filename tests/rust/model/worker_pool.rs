//! A model whose weights are shared among threads gives the numbers of one that
//! has them all.

use crate::fixtures::assert_close;
use crate::test;
use candle_core::Tensor;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use headscope::circuits::lens;
use headscope::model::kernels::distribution::{Distribution, add_likeliest};
use headscope::model::parallel::{Job, PoolWorker, ShardTensor};
use headscope::model::{
    ActivationCache, Depth, Gpt2, HookPoint, Hooks, ModelError, Need, NoHooks, WorkerPool,
};
use headscope::prompts::draw::RandomState;
use headscope::study::{Ablation, StudyError, Uninterrupted, YieldPoint, evaluate};
use headscope::weights::Config;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// A pool in this thread.
pub struct Here {
    workers: Vec<RefCell<PoolWorker>>,
    jobs: Cell<usize>,
    lost: Cell<bool>,
}

impl WorkerPool for Here {
    fn workers(&self) -> usize {
        self.workers.len()
    }

    fn give(&self, worker: usize, name: &str, piece: ShardTensor) -> Result<(), ModelError> {
        self.workers[worker].borrow_mut().keep(name, piece);
        Ok(())
    }

    fn ask(
        &self,
        worker: usize,
        job: &Job,
        x: &[f32],
    ) -> LocalBoxFuture<'static, Result<Vec<f32>, ModelError>> {
        self.jobs.set(self.jobs.get() + 1);
        let answer = self.workers[worker].borrow().work(job, x);
        let lost = || Err(ModelError::WorkerLost("out of memory".to_owned()));
        ready(if self.lost.get() { lost() } else { answer }).boxed_local()
    }
}

pub fn pool(workers: usize) -> Rc<Here> {
    Rc::new(Here {
        workers: (0..workers).map(|_| RefCell::default()).collect(),
        jobs: Cell::default(),
        lost: Cell::default(),
    })
}

/// How far a run is, each time that it tells.
#[derive(Default)]
struct Told(RefCell<Vec<f64>>);

impl YieldPoint for Told {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.0.borrow_mut().push(done as f64 / total as f64);
        Ok(())
    }
}

fn config() -> Config {
    Config::from_json(
        br#"{"model_type": "gpt2", "n_layer": 2, "n_head": 4, "n_embd": 264, "n_positions": 300, "vocab_size": 50257}"#,
    )
    .unwrap()
}

/// All numbers of a tensor of the model, which are random.
pub fn numbers_of(tensor: &str) -> Vec<f32> {
    let (_, shape) = config().tensors().find(|(name, _)| *name == tensor).unwrap();
    let mut stream =
        RandomState::new(tensor.bytes().fold(7, |seed, byte| seed * 31 % 65_521 + u32::from(byte)));
    let mut number = || stream.interval(u32::MAX) as f32 / u32::MAX as f32 * 0.2 - 0.1;
    (0..shape.iter().product::<u64>()).map(|_| number()).collect()
}

/// Two layers of width 264, which no pool divides evenly.
pub fn model(pool: Option<Rc<dyn WorkerPool>>) -> Gpt2 {
    let config = config();
    let mut model = Gpt2::shared(config.clone(), pool);
    let need = Need { tokens: (0..50).collect(), positions: 300, depth: Depth::Logits, direct: None };
    let mut last = (String::new(), Vec::new());
    for part in model.missing(&need) {
        if last.0 != part.tensor {
            last = (part.tensor.clone(), numbers_of(&part.tensor));
        }
        let all = &last.1;
        let (_, shape) = config.tensors().find(|(name, _)| *name == part.tensor).unwrap();
        let row = shape[1..].iter().product::<u64>() as usize;
        let numbers = all[part.rows.start * row..part.rows.end * row].to_vec();
        model.insert(&part, numbers).unwrap();
    }
    assert_eq!(model.missing(&need), []);
    model
}

fn run(model: &Gpt2) -> Result<Vec<Tensor>, ModelError> {
    pollster::block_on(async {
        let prompts = [vec![1, 2, 3, 4, 5], vec![6, 7, 8, 9, 10], vec![11, 12, 13, 14, 15]];
        let mut resid = model.embed(&prompts, &NoHooks).await?;
        resid = model.block(0, &resid, &NoHooks).await?;
        let pattern = model.pattern(1, &resid, &NoHooks).await?;
        resid = model.block(1, &resid, &NoHooks).await?;
        let logits = model.logits(&resid).await?;
        let all = [Some(4), None, Some(50_256), Some(0), None];
        let next = model.next_tokens(&resid.narrow(0, 1, 1)?, 7, &all).await?;
        let d_vocab = logits.dims()[2];
        for (i, (next, asked)) in next.iter().zip(all).enumerate() {
            let row = logits.narrow(0, 1, 1)?.narrow(1, i, 1)?.flatten_all()?.to_vec1::<f32>()?;
            let distribution = Distribution::of(&row);
            assert!((next.distribution.log_sum_exp() - distribution.log_sum_exp()).abs() < 1e-6);
            assert!((next.distribution.entropy() - distribution.entropy()).abs() < 2e-6);
            let mut likeliest = Vec::new();
            add_likeliest(&mut likeliest, 7, 0, &row);
            assert_eq!(next.likeliest, likeliest);
            assert_eq!(asked.map(|id| row[id as usize]), asked.map(|_| next.logit));
            assert_eq!(row.len(), d_vocab);
        }
        Ok(vec![pattern, resid, logits, model.value_bias(1, 3).await?])
    })
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f32 {
    let difference = (a - b).unwrap().abs().unwrap().flatten_all().unwrap();
    difference.max(0).unwrap().to_scalar().unwrap()
}

#[test]
fn shared_weights_give_the_numbers_of_whole_ones() {
    let alone = run(&model(None)).unwrap();
    for workers in [1, 2, 4, 40] {
        let pool = pool(workers);
        let shared = run(&model(Some(pool.clone()))).unwrap();
        // Two a layer, one each for the pattern and the value bias, and two that read the
        // unembedding. Members without heads or hidden units are not asked.
        let jobs = pool.jobs.get();
        let (with_heads, with_units) = (workers.min(3), workers.min(40));
        assert_eq!(jobs, 4 * with_heads + 2 * with_units + 2 * workers, "jobs of {workers}");
        for (ours, alone) in shared.iter().zip(&alone) {
            assert_eq!(ours.dims(), alone.dims());
            let difference = largest_difference(ours, alone);
            assert!(difference < 1e-5, "{workers} workers differ by {difference}");
        }
    }
}

/// Keeps what it sees, and says of no point that it leaves it alone.
#[derive(Default)]
struct StepsIn(RefCell<HashMap<HookPoint, Tensor>>);

impl Hooks for StepsIn {
    fn hook(&self, point: HookPoint, activation: Tensor) -> Result<Tensor, ModelError> {
        self.0.borrow_mut().insert(point, activation.clone());
        Ok(activation)
    }
}

#[test]
fn heads_as_one_job_give_the_numbers_of_single_steps() {
    let points = [HookPoint::Pattern(0), HookPoint::Z(0), HookPoint::AttnOut(0)];
    for workers in [0, 1, 2, 5] {
        let pool = pool(workers);
        let model = model(Some(pool.clone()));
        // The first and the last prompt are alike, and so are beginnings.
        let prompts = [vec![1, 2, 3], vec![1, 4, 2], vec![1, 2, 3]];
        let resid = pollster::block_on(model.embed(&prompts, &NoHooks)).unwrap();
        let steps = StepsIn::default();
        pollster::block_on(model.block(0, &resid, &steps)).unwrap();
        let steps = steps.0.into_inner();
        // Whatever of it is wanted.
        for wanted in [&points[..], &points[..1], &points[1..], &points[2..]] {
            pool.jobs.set(0);
            let recorder = ActivationCache::of(wanted);
            pollster::block_on(model.block(0, &resid, &recorder)).unwrap();
            assert!(pool.jobs.get() <= 2 * workers, "attention and the MLP");
            let seen = recorder.into_activations();
            assert_eq!(seen.len(), wanted.len());
            for (point, ours) in seen {
                let single = &steps[&point];
                assert_eq!(ours.dims(), single.dims());
                let difference = largest_difference(&ours, single);
                assert!(difference < 1e-6, "{point} of {workers} workers differs by {difference}");
            }
        }
    }
}

#[test]
fn a_head_alone_has_the_pattern_that_it_has_among_all() {
    for workers in [0, 1, 2, 5] {
        let pool = pool(workers);
        let model = model(Some(pool.clone()));
        let (resid, all) = pollster::block_on(async {
            let resid = model.embed(&[vec![1, 2, 3], vec![4, 5, 6]], &NoHooks).await.unwrap();
            let all = model.pattern(1, &resid, &NoHooks).await.unwrap();
            (resid, all)
        });
        for head in 0..4 {
            pool.jobs.set(0);
            let alone = pollster::block_on(model.head_pattern(1, head, &resid)).unwrap();
            let among = all.narrow(1, head, 1).unwrap().squeeze(1).unwrap();
            assert_eq!(alone.dims(), among.dims());
            assert_eq!(largest_difference(&alone, &among), 0.0, "head {head} of {workers} workers");
            // Those that have none of its columns are not asked.
            assert!(pool.jobs.get() <= workers.min(3));
        }
        assert!(pollster::block_on(model.head_pattern(1, 4, &resid)).is_err());
    }
}

#[test]
fn a_lost_thread_is_an_error() {
    let pool = pool(1);
    let model = model(Some(pool.clone()));
    pool.lost.set(true);
    assert!(matches!(run(&model), Err(ModelError::WorkerLost(_))));
}

#[test]
fn a_text_longer_than_is_read_at_once_is_read_whole() {
    let by_definition = |logits: &[f32], next: Option<&u32>| {
        let sum: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
        next.map(|&next| f64::from(logits[next as usize]) - sum.ln())
    };
    // Of the shorter text two layers are read at once, of the longer one less than a layer.
    for (workers, length) in [(1, 100), (3, 300)] {
        // Tokens that lie with either thread.
        let ids: Vec<u32> = (0..length).map(|i| i * 701 % 50_257).collect();
        // The last of them: logits of all would take long.
        let from = ids.len() - 50;
        let model = model(Some(pool(workers)));
        pollster::block_on(async {
            let told = Told::default();
            let layers = lens(&model, &ids, &told).await.unwrap();
            let told = told.0.into_inner();
            assert!(told.is_sorted() && told[0] == 0.0 && told[told.len() - 2] >= 0.5, "{told:?}");
            assert_eq!(told.last(), Some(&1.0));
            let output = evaluate(&model, &ids, &Ablation::default(), &Uninterrupted).await.unwrap();
            let mut resid = model.embed(std::slice::from_ref(&ids), &NoHooks).await.unwrap();
            for (l, layer) in layers.iter().enumerate() {
                let logits = model.logits(&resid.narrow(1, from, 50).unwrap()).await.unwrap();
                let logits = logits.squeeze(0).unwrap().to_vec2::<f32>().unwrap();
                let rows = logits.iter().zip(from..);
                let plain: Vec<f64> =
                    rows.filter_map(|(row, i)| by_definition(row, ids.get(i + 1))).collect();
                assert_close(&layer.name, &layer.next_token_logprob[from..], &plain, 1e-5);
                assert_eq!((layer.entropy.len(), layer.top.len()), (ids.len(), ids.len()));
                if l < 2 {
                    resid = model.block(l, &resid, &NoHooks).await.unwrap();
                } else {
                    let losses: Vec<f64> = plain.iter().map(|log| -log).collect();
                    assert_close("losses", &output.losses[from..], &losses, 1e-5);
                }
            }
        });
    }
}
