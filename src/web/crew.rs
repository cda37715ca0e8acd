//! Workers as the crew of a model: the Rust side of www/crew.js, and of the
//! workers themselves.

use crate::model::crew::{Member, Piece};
use crate::model::kernels::Packed;
use crate::model::{Crew, ModelError};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use js_sys::{Float32Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The class `Crew` of www/crew.js.
    #[wasm_bindgen(typescript_type = "Crew")]
    pub type Workers;

    #[wasm_bindgen(method, getter)]
    fn members(this: &Workers) -> usize;

    #[wasm_bindgen(method, getter)]
    fn lost(this: &Workers) -> bool;

    #[wasm_bindgen(method, catch)]
    async fn gather(this: &Workers) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn dismiss(this: &Workers, size: usize);

    #[wasm_bindgen(method, catch)]
    fn give(
        this: &Workers,
        member: usize,
        name: &str,
        rows: usize,
        columns: usize,
        numbers: &Float32Array,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn ask(this: &Workers, member: usize, job: Vec<String>, x: &Float32Array) -> Result<Promise, JsValue>;
}

/// The workers beside this one.
pub struct WorkerCrew(Workers);

impl WorkerCrew {
    /// The crew of these workers, which may not be there yet.
    #[must_use]
    pub fn new(workers: Workers) -> Self {
        Self(workers)
    }

    /// Starts the workers, if they are not there. It takes no harm if they fail to.
    pub(super) async fn gather(&self) {
        let _ = self.0.gather().await;
    }

    /// Whether one of them is gone, with its weights.
    pub(super) fn is_lost(&self) -> bool {
        self.0.lost()
    }

    /// Ends them; later there are to be `size`.
    pub(super) fn dismiss(&self, size: usize) {
        self.0.dismiss(size);
    }
}

impl Crew for WorkerCrew {
    fn members(&self) -> usize {
        self.0.members()
    }

    fn give(&self, member: usize, name: &str, piece: Piece) -> Result<(), ModelError> {
        let (rows, columns, numbers) = match &piece {
            Piece::Matrix(matrix) => (matrix.n_in(), matrix.n_out(), matrix.panels()),
            Piece::Bias(bias) => (0, bias.len(), bias.as_slice()),
        };
        self.0.give(member, name, rows, columns, &Float32Array::from(numbers)).map_err(lost)
    }

    fn ask(
        &self,
        member: usize,
        job: &[&str],
        x: &[f32],
    ) -> LocalBoxFuture<'static, Result<Vec<f32>, ModelError>> {
        let job = job.iter().map(|&name| name.to_owned()).collect();
        match self.0.ask(member, job, &Float32Array::from(x)) {
            Ok(answer) => async {
                let numbers = JsFuture::from(answer).await.map_err(lost)?;
                Ok(numbers.unchecked_into::<Float32Array>().to_vec())
            }
            .boxed_local(),
            Err(error) => ready(Err(lost(error))).boxed_local(),
        }
    }
}

fn lost(error: JsValue) -> ModelError {
    let reason = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    ModelError::CrewLost(reason.unwrap_or_else(|| "it gave no reason".to_owned()))
}

/// A worker's own side.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct CrewMember(Member);

#[wasm_bindgen]
impl CrewMember {
    /// One that holds nothing yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds a packed matrix, or a bias if `rows` is 0.
    ///
    /// # Errors
    ///
    /// A text, if the numbers do not fit the shape.
    pub fn keep(
        &mut self,
        name: &str,
        rows: usize,
        columns: usize,
        numbers: Vec<f32>,
    ) -> Result<(), JsValue> {
        let piece = match rows {
            0 => Piece::Bias(numbers),
            _ => Piece::Matrix(
                Packed::from_panels(rows, columns, numbers).ok_or("a matrix does not fit its shape")?,
            ),
        };
        self.0.keep(name, piece);
        Ok(())
    }

    /// Does a job on rows of numbers.
    ///
    /// # Errors
    ///
    /// A text, if something is not held here.
    pub fn work(&self, job: Vec<String>, x: Vec<f32>) -> Result<Vec<f32>, JsValue> {
        self.0.work(&job, &x).map_err(|error| error.to_string().into())
    }
}
