//! What a JSON value has to look like. A shape is data, so that checking many of
//! them takes little code: the page's first load has to stay small. It comes from the
//! type that is written (`wire!`), so that what is read cannot differ from it.

use crate::circuits::{CategoryContrast, ShuffleTest};
use crate::study::category_matrix::FromCategory;
use crate::study::{AttentionBreakdown, CategoryMatrix, Head, KindChoice, Metric, Target};
use crate::weights::Checked;
use serde_json::Value;
use std::collections::BTreeMap;

/// A kind of JSON value.
#[derive(Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A finite number.
    Number,
    /// A whole number that is not negative.
    Count,
    /// True or false.
    Truth,
    /// A value of this shape, or null.
    Maybe(&'static Shape),
    /// Any number of values of this shape.
    List(&'static Shape),
    /// An object with values of this shape under names of its own.
    Map(&'static Shape),
    /// An object with at least these fields.
    Fields(&'static [(&'static str, &'static Shape)]),
}

/// A type whose values are written to files.
pub trait Shaped {
    /// What they look like there.
    const SHAPE: &'static Shape;
}

/// Gives types the shape of a plain value.
macro_rules! plain {
    ($($shape:ident: $($type:ty),*;)*) => {
        $($(impl Shaped for $type {
            const SHAPE: &'static Shape = &Shape::$shape;
        })*)*
    };
}

plain! {
    Text: String, &'static str, Head, KindChoice, Metric, Target;
    Number: f32, f64;
    Count: u32, u64, usize;
    Truth: bool;
}

impl<T: Shaped> Shaped for Option<T> {
    const SHAPE: &'static Shape = &Shape::Maybe(T::SHAPE);
}

impl<T: Shaped> Shaped for Vec<T> {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);
}

impl Shaped for (f64, f64) {
    const SHAPE: &'static Shape = &Shape::List(&Shape::Number);
}

impl<T: Shaped> Shaped for BTreeMap<usize, T> {
    const SHAPE: &'static Shape = &Shape::Map(T::SHAPE);
}

impl<T: Shaped> Shaped for BTreeMap<String, T> {
    const SHAPE: &'static Shape = &Shape::Map(T::SHAPE);
}

/// Gives types of other rooms their shape: the fields with their types.
macro_rules! shaped {
    ($($name:ty: $($key:literal $type:ty),*;)*) => {
        $(impl Shaped for $name {
            const SHAPE: &'static Shape = &Shape::Fields(&[$(($key, <$type as Shaped>::SHAPE)),*]);
        })*
    };
}

shaped! {
    Checked: "hashed_bytes" u64, "of" u64;
    AttentionBreakdown: "same_category" f64, "same_word" f64, "self" f64, "bos" f64, "other" f64;
    CategoryMatrix: "categories" Vec<usize>, "rows" Vec<FromCategory>;
    FromCategory: "category" usize, "destinations" usize, "mass" Vec<f64>, "cell_mean" Vec<Option<f64>>,
        "cells" Vec<usize>, "same_word" f64, "self" f64, "bos" f64, "no_category" f64;
    CategoryContrast: "category" usize, "words" usize, "diagonal" f64, "inside" Option<f64>, "outside" Option<f64>,
        "self_minus_category" Option<f64>, "spread" Option<f64>;
    ShuffleTest: "self_minus_category" f64, "self_minus_category_p" f64, "self_minus_category_chance" f64,
        "inside_minus_outside" f64, "inside_minus_outside_p" f64, "inside_minus_outside_chance" f64,
        "shuffles" usize;
}

/// Makes types that are written as JSON, to files or to the page, with their shapes.
/// Their TypeScript is made of them too.
macro_rules! wire {
    ($($(#[$about:meta])* pub struct $name:ident { $($(#[$on:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        $(#[$about])*
        pub struct $name {
            $($(#[$on])* pub $field: $type,)*
        }

        impl $crate::web::results::shape::Shaped for $name {
            const SHAPE: &'static $crate::web::results::shape::Shape =
                &$crate::web::results::shape::Shape::Fields(&[
                    $((stringify!($field), <$type as $crate::web::results::shape::Shaped>::SHAPE),)*
                ]);
        }
    )*};
}

pub(in crate::web) use wire;

impl Shape {
    /// Checks a value; a field that is absent counts as null.
    ///
    /// # Errors
    ///
    /// Where it differs and what was expected there, as in `seeds.0.score is not a
    /// number`.
    pub(in crate::web) fn check(&self, value: &Value) -> Result<(), String> {
        self.find_wrong(value).map_or(Ok(()), |(path, wanted)| {
            let path = path.into_iter().rev().collect::<Vec<_>>().join(".");
            Err(if path.is_empty() { format!("is not {wanted}") } else { format!("{path} is not {wanted}") })
        })
    }

    /// The path to what is wrong, innermost name first, and what it should be.
    fn find_wrong(&self, value: &Value) -> Option<(Vec<String>, &'static str)> {
        let inside = |name: &str, shape: &Self, value: &Value| {
            let (mut path, wanted) = shape.find_wrong(value)?;
            path.push(name.to_owned());
            Some((path, wanted))
        };
        let wanted = match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Truth, Value::Bool(_)) => return None,
            (Self::Maybe(_), Value::Null) => return None,
            (Self::Number, Value::Number(_)) => return None,
            (Self::Count, Value::Number(number)) if is_count(number.as_f64()) => return None,
            (Self::Maybe(shape), value) => return shape.find_wrong(value),
            (Self::List(shape), Value::Array(list)) => {
                return list.iter().enumerate().find_map(|(i, value)| inside(&i.to_string(), shape, value));
            }
            (Self::Map(shape), Value::Object(map)) => {
                return map.iter().find_map(|(name, value)| inside(name, shape, value));
            }
            (Self::Fields(fields), Value::Object(map)) => {
                let field = |(name, shape): &(&str, &Self)| {
                    inside(name, shape, map.get(*name).unwrap_or(&Value::Null))
                };
                return fields.iter().find_map(field);
            }
            (Self::Text, _) => "a text",
            (Self::Number, _) => "a number",
            (Self::Count, _) => "a whole number",
            (Self::Truth, _) => "true or false",
            (Self::List(_), _) => "a list",
            (Self::Map(_) | Self::Fields(_), _) => "an object",
        };
        Some((Vec::new(), wanted))
    }
}

/// Whole numbers up to 2^53 are exact in JSON.
fn is_count(number: Option<f64>) -> bool {
    number.is_some_and(|x| x.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&x))
}

/// A number of a checked value; 0 where there is none.
pub(in crate::web) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// A count of a checked value.
pub(in crate::web) fn count(value: &Value) -> usize {
    number(value) as usize
}

/// A text of a checked value.
pub(in crate::web) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The values of a checked list.
pub(in crate::web) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The numbers of a checked list.
pub(in crate::web) fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}
