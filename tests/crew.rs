//! A model whose weights are shared among threads gives the numbers of one that
//! has them all.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

use candle_core::Tensor;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use headscope::model::crew::{Job, Member, Piece};
use headscope::model::{Crew, Depth, Gpt2, HookPoint, Hooks, ModelError, Need, NoHooks, Recorder};
use headscope::prompts::draw::RandomState;
use headscope::weights::{Config, Part};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// A crew in this thread.
struct Here {
    members: Vec<RefCell<Member>>,
    jobs: Cell<usize>,
    lost: Cell<bool>,
}

impl Crew for Here {
    fn members(&self) -> usize {
        self.members.len()
    }

    fn give(&self, member: usize, name: &str, piece: Piece) -> Result<(), ModelError> {
        self.members[member].borrow_mut().keep(name, piece);
        Ok(())
    }

    fn ask(
        &self,
        member: usize,
        job: &Job,
        x: &[f32],
    ) -> LocalBoxFuture<'static, Result<Vec<f32>, ModelError>> {
        self.jobs.set(self.jobs.get() + 1);
        let answer = self.members[member].borrow().work(job, x);
        let lost = || Err(ModelError::CrewLost("out of memory".to_owned()));
        ready(if self.lost.get() { lost() } else { answer }).boxed_local()
    }
}

fn crew(members: usize) -> Rc<Here> {
    Rc::new(Here {
        members: (0..members).map(|_| RefCell::default()).collect(),
        jobs: Cell::default(),
        lost: Cell::default(),
    })
}

/// Two layers of width 264, which no crew divides evenly.
fn model(crew: Option<Rc<dyn Crew>>) -> Gpt2 {
    let config = Config::from_json(
        br#"{"model_type": "gpt2", "n_layer": 2, "n_head": 4, "n_embd": 264, "n_positions": 16, "vocab_size": 50257}"#,
    )
    .unwrap();
    let mut model = Gpt2::shared(config.clone(), crew);
    let need = Need { tokens: (0..50).collect(), positions: 16, depth: Depth::Logits };
    let mut stream = RandomState::new(7);
    for part in model.missing(&need) {
        let (_, shape) = config.tensors().find(|(name, _)| *name == part.tensor).unwrap();
        let n = part.rows.len() * shape[1..].iter().product::<u64>() as usize;
        let numbers =
            (0..n).map(|_| stream.interval(u32::MAX) as f32 / u32::MAX as f32 * 0.2 - 0.1).collect();
        let Part { tensor, rows } = part;
        model.insert(&Part { tensor, rows }, numbers).unwrap();
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
        let logits = model.logits(&resid)?;
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
    for members in [1, 2, 4, 40] {
        let crew = crew(members);
        let shared = run(&model(Some(crew.clone()))).unwrap();
        // Two a layer, and one each for the pattern and the value bias. Members without
        // heads or hidden units are not asked.
        let jobs = crew.jobs.get();
        let (with_heads, with_units) = (members.min(3), members.min(40));
        assert_eq!(jobs, 4 * with_heads + 2 * with_units, "jobs of {members}");
        for (ours, alone) in shared.iter().zip(&alone) {
            assert_eq!(ours.dims(), alone.dims());
            let difference = largest_difference(ours, alone);
            assert!(difference < 1e-5, "{members} members differ by {difference}");
        }
    }
}

/// Keeps what it sees, and says of no point that it leaves it alone.
#[derive(Default)]
struct StepsIn(RefCell<HashMap<HookPoint, Tensor>>);

impl Hooks for StepsIn {
    fn seen(&self, point: HookPoint, activation: Tensor) -> Result<Tensor, ModelError> {
        self.0.borrow_mut().insert(point, activation.clone());
        Ok(activation)
    }
}

#[test]
fn heads_as_one_job_give_the_numbers_of_single_steps() {
    let points = [HookPoint::Pattern(0), HookPoint::Z(0), HookPoint::AttnOut(0)];
    for members in [0, 1, 2, 5] {
        let crew = crew(members);
        let model = model(Some(crew.clone()));
        // The first and the last prompt are alike, and so are beginnings.
        let prompts = [vec![1, 2, 3], vec![1, 4, 2], vec![1, 2, 3]];
        let resid = pollster::block_on(model.embed(&prompts, &NoHooks)).unwrap();
        let steps = StepsIn::default();
        pollster::block_on(model.block(0, &resid, &steps)).unwrap();
        let steps = steps.0.into_inner();
        // Whatever of it is wanted.
        for wanted in [&points[..], &points[..1], &points[1..], &points[2..]] {
            crew.jobs.set(0);
            let recorder = Recorder::of(wanted);
            pollster::block_on(model.block(0, &resid, &recorder)).unwrap();
            assert!(crew.jobs.get() <= 2 * members, "attention and the MLP");
            let seen = recorder.into_seen();
            assert_eq!(seen.len(), wanted.len());
            for (point, ours) in seen {
                let single = &steps[&point];
                assert_eq!(ours.dims(), single.dims());
                let difference = largest_difference(&ours, single);
                assert!(difference < 1e-6, "{point} of {members} members differs by {difference}");
            }
        }
    }
}

#[test]
fn a_head_alone_has_the_pattern_that_it_has_among_all() {
    for members in [0, 1, 2, 5] {
        let crew = crew(members);
        let model = model(Some(crew.clone()));
        let (resid, all) = pollster::block_on(async {
            let resid = model.embed(&[vec![1, 2, 3], vec![4, 5, 6]], &NoHooks).await.unwrap();
            let all = model.pattern(1, &resid, &NoHooks).await.unwrap();
            (resid, all)
        });
        for head in 0..4 {
            crew.jobs.set(0);
            let alone = pollster::block_on(model.head_pattern(1, head, &resid)).unwrap();
            let among = all.narrow(1, head, 1).unwrap().squeeze(1).unwrap();
            assert_eq!(alone.dims(), among.dims());
            assert_eq!(largest_difference(&alone, &among), 0.0, "head {head} of {members} members");
            // Those that have none of its columns are not asked.
            assert!(crew.jobs.get() <= members.min(3));
        }
        assert!(pollster::block_on(model.head_pattern(1, 4, &resid)).is_err());
    }
}

#[test]
fn a_lost_thread_is_an_error() {
    let crew = crew(1);
    let model = model(Some(crew.clone()));
    crew.lost.set(true);
    assert!(matches!(run(&model), Err(ModelError::CrewLost(_))));
}
