//! Workers as the pool of a model: the Rust side of www/engine/pool.js, and of the
//! workers themselves.

use crate::model::kernels::Packed;
use crate::model::parallel::{self, Job, ShardTensor};
use crate::model::{ModelError, WorkerPool};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use js_sys::{ArrayBuffer, Float32Array, Promise};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The class `WorkerPool` of www/engine/pool.js.
    #[derive(Clone)]
    #[wasm_bindgen(typescript_type = "WorkerPool")]
    pub type Workers;

    #[wasm_bindgen(method, getter)]
    fn workers(this: &Workers) -> usize;

    #[wasm_bindgen(method, getter)]
    fn lost(this: &Workers) -> bool;

    #[wasm_bindgen(method, catch)]
    async fn gather(this: &Workers) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn dismiss(this: &Workers, size: usize);

    #[wasm_bindgen(method)]
    fn regroup(this: &Workers);

    #[wasm_bindgen(method, catch)]
    fn give(
        this: &Workers,
        worker: usize,
        name: &str,
        shape: &str,
        numbers: &Float32Array,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn ask(this: &Workers, worker: usize, job: &str, x: &Float32Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method)]
    fn take(this: &Workers, worker: usize) -> Option<ArrayBuffer>;

    #[wasm_bindgen(method)]
    fn keep(this: &Workers, worker: usize, buffer: ArrayBuffer);
}

/// The workers beside this one.
#[derive(Clone)]
pub struct BrowserPool(Workers);

impl BrowserPool {
    /// The pool of these workers, which may not be there yet.
    #[must_use]
    pub fn new(workers: Workers) -> Self {
        Self(workers)
    }

    /// Starts the workers, if they are not there. It takes no harm if they fail to.
    pub(crate) async fn gather(&self) {
        let _ = self.0.gather().await;
    }

    /// Whether one of them is gone, with its weights.
    pub(crate) fn is_lost(&self) -> bool {
        self.0.lost()
    }

    /// Ends them; later there are to be `size`.
    pub(crate) fn dismiss(&self, size: usize) {
        self.0.dismiss(size);
    }

    /// Goes on with those that are left of them, which hold nothing.
    pub(crate) fn regroup(&self) {
        self.0.regroup();
    }
}

impl WorkerPool for BrowserPool {
    fn workers(&self) -> usize {
        self.0.workers()
    }

    fn give(&self, worker: usize, name: &str, piece: ShardTensor) -> Result<(), ModelError> {
        let (shape, numbers) = match &piece {
            ShardTensor::Matrix(matrix) => {
                (Shape::Matrix { n_in: matrix.n_in(), n_out: matrix.n_out() }, matrix.panels())
            }
            ShardTensor::Bias(bias) => (Shape::Bias, bias.as_slice()),
            ShardTensor::Rows { first, of, width, numbers } => {
                (Shape::Rows { first: *first, of: *of, width: *width }, numbers.as_slice())
            }
        };
        self.0.give(worker, name, &json(&shape), &Float32Array::from(numbers)).map_err(lost)
    }

    fn ask(
        &self,
        worker: usize,
        job: &Job,
        x: &[f32],
    ) -> LocalBoxFuture<'static, Result<Vec<f32>, ModelError>> {
        let x = written(self.0.take(worker), x);
        match self.0.ask(worker, &json(job), &x) {
            Ok(answer) => {
                let Self(workers) = self.clone();
                async move {
                    let answer: Float32Array = JsFuture::from(answer).await.map_err(lost)?.unchecked_into();
                    let numbers = answer.to_vec();
                    workers.keep(worker, answer.buffer());
                    Ok(numbers)
                }
                .boxed_local()
            }
            Err(error) => ready(Err(lost(error))).boxed_local(),
        }
    }
}

/// What the numbers of a [`ShardTensor`] are, when they travel.
#[derive(Serialize, Deserialize)]
enum Shape {
    Matrix { n_in: usize, n_out: usize },
    Bias,
    Rows { first: usize, of: usize, width: usize },
}

/// As text. What goes between threads has no keys that are not text, so there is always one.
fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Numbers outside of WebAssembly's memory, in a buffer that was used before if they
/// have room there: a new one costs more than what is copied to it.
fn written(buffer: Option<ArrayBuffer>, numbers: &[f32]) -> Float32Array {
    let (length, bytes) = (numbers.len() as u32, size_of_val(numbers) as u32);
    match buffer.filter(|buffer| buffer.byte_length() >= bytes) {
        Some(buffer) => {
            let array = Float32Array::new_with_byte_offset_and_length(&buffer, 0, length);
            array.copy_from(numbers);
            array
        }
        None => Float32Array::from(numbers),
    }
}

fn lost(error: JsValue) -> ModelError {
    let reason = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    ModelError::WorkerLost(reason.unwrap_or_else(|| "it gave no reason".to_owned()))
}

/// A worker's own side.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct PoolWorker(parallel::PoolWorker);

#[wasm_bindgen]
impl PoolWorker {
    /// One that holds nothing yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds numbers, of which `shape` says what they are.
    ///
    /// # Errors
    ///
    /// A text, if the numbers do not fit the shape.
    pub fn keep(&mut self, name: &str, shape: &str, numbers: Vec<f32>) -> Result<(), JsValue> {
        let piece = match serde_json::from_str(shape).map_err(|error| error.to_string())? {
            Shape::Bias => ShardTensor::Bias(numbers),
            Shape::Rows { first, of, width } => ShardTensor::Rows { first, of, width, numbers },
            Shape::Matrix { n_in, n_out } => ShardTensor::Matrix(
                Packed::from_panels(n_in, n_out, numbers).ok_or("a matrix does not fit its shape")?,
            ),
        };
        self.0.keep(name, piece);
        Ok(())
    }

    /// Does a job on rows of numbers, whose buffer the answer takes over if it fits.
    ///
    /// # Errors
    ///
    /// A text, if something is not held here.
    pub fn work(&self, job: &str, x: &Float32Array) -> Result<Float32Array, JsValue> {
        let job: Job = serde_json::from_str(job).map_err(|error| error.to_string())?;
        let results = self.0.work(&job, &x.to_vec()).map_err(|error| JsValue::from(error.to_string()))?;
        Ok(written(Some(x.buffer()), &results))
    }
}
