//! The machine's other processors, each with its part of the weights.

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use headscope::model::parallel::{Job, PoolWorker, ShardTensor};
use headscope::model::{ModelError, WorkerPool};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

type Answer = Result<Vec<f32>, ModelError>;

/// What a thread is told.
enum Told {
    Keep(String, ShardTensor),
    Work(Job, Vec<f32>, oneshot::Sender<Answer>),
}

/// Threads that end with the pool.
pub struct Threads {
    workers: Vec<Sender<Told>>,
}

impl Threads {
    /// A pool for a machine that is to work with `threads` in all, or with as many as
    /// it has processors; nothing for one.
    pub fn pool(threads: Option<NonZero<usize>>) -> Option<Rc<dyn WorkerPool>> {
        let threads = threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
        if threads < 2 {
            return None;
        }
        let worker = |_| {
            let (tell, told) = channel();
            thread::spawn(move || work(&told));
            tell
        };
        Some(Rc::new(Self { workers: (1..threads).map(worker).collect() }))
    }

    fn tell(&self, worker: usize, told: Told) -> Result<(), ModelError> {
        self.workers[worker].send(told).map_err(|_| lost())
    }
}

fn lost() -> ModelError {
    ModelError::WorkerLost("it ended before its time".to_owned())
}

/// A thread's life: it does what it is told, until nobody can tell it anything.
fn work(told: &Receiver<Told>) {
    let mut worker = PoolWorker::default();
    while let Ok(told) = told.recv() {
        match told {
            Told::Keep(name, piece) => worker.keep(&name, piece),
            // Who does not wait for the answer any more has no use for it.
            Told::Work(job, x, answer) => drop(answer.send(worker.work(&job, &x))),
        }
    }
}

impl WorkerPool for Threads {
    fn workers(&self) -> usize {
        self.workers.len()
    }

    fn give(&self, worker: usize, name: &str, piece: ShardTensor) -> Result<(), ModelError> {
        self.tell(worker, Told::Keep(name.to_owned(), piece))
    }

    fn ask(&self, worker: usize, job: &Job, x: &[f32]) -> LocalBoxFuture<'static, Answer> {
        let (answer, answered) = oneshot::channel();
        let told = self.tell(worker, Told::Work(job.clone(), x.to_vec(), answer));
        async move {
            told?;
            answered.await.unwrap_or_else(|_| Err(lost()))
        }
        .boxed_local()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::Threads;
    use headscope::model::{Depth, Gpt2, Need, NoHooks, WorkerPool};
    use headscope::weights::Config;
    use pollster::block_on;
    use std::num::NonZero;
    use std::rc::Rc;

    /// One layer of the least width that is split.
    const CONFIG: &[u8] = br#"{"model_type": "gpt2", "n_layer": 1, "n_head": 4, "n_embd": 256,
        "n_positions": 8, "vocab_size": 50257}"#;

    /// The residual stream after the layer, of numbers without any order.
    fn resid(pool: Option<Rc<dyn WorkerPool>>) -> Vec<f32> {
        let config = Config::from_json(CONFIG).unwrap();
        let mut model = Gpt2::shared(config.clone(), pool);
        let need = Need { tokens: (0..9).collect(), positions: 8, depth: Depth::Logits, direct: None };
        for part in model.missing(&need).into_iter().filter(|part| part.tensor != "wte.weight") {
            let (_, shape) = config.tensors().find(|(name, _)| *name == part.tensor).unwrap();
            let count = part.rows.len() * shape[1..].iter().product::<u64>() as usize;
            model.insert(&part, scrambled(count)).unwrap();
        }
        let words = headscope::weights::Part { tensor: "wte.weight".to_owned(), rows: 0..9 };
        model.insert(&words, scrambled(9 * 256)).unwrap();
        let prompts = [vec![1, 2, 3, 4, 5], vec![5, 6, 7, 8, 0]];
        let embedded = block_on(model.embed(&prompts, &NoHooks)).unwrap();
        let after = block_on(model.block(0, &embedded, &NoHooks)).unwrap();
        after.flatten_all().unwrap().to_vec1().unwrap()
    }

    /// Numbers between -0.1 and 0.1.
    fn scrambled(count: usize) -> Vec<f32> {
        (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 8.4e7 - 0.1).collect()
    }

    #[test]
    fn threads_give_the_numbers_of_one() {
        let whole = resid(None);
        for threads in [2, 3, 5] {
            let pool = Threads::pool(NonZero::new(threads));
            assert_eq!(pool.as_ref().map(|pool| pool.workers()), Some(threads - 1));
            let split = resid(pool);
            assert_eq!(split.len(), whole.len());
            let largest = whole.iter().zip(&split).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 1e-4 && whole.iter().any(|x| x.abs() > 0.1), "{threads} threads: {largest}");
        }
        assert!(Threads::pool(NonZero::new(1)).is_none());
    }
}
