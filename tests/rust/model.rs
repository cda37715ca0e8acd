//! The forward pass: its kernels, its hooks, its rarer variants, and how it is shared among
//! threads.

mod hooks;
mod kernels;
mod past;
mod raw_weights;
mod variants;
mod worker_pool;
