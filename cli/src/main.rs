//! `headscope`: the page's study on the command line, by the same crate.

mod check;
mod convert;
mod draw;
mod folder;
mod link;
mod output;
mod progress;
mod run;
mod sweep;
mod threads;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Scores and ablations of GPT-2's attention heads, as the Headscope page makes them
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the study of a link and write its results file, which the page opens
    Run(run::Run),
    /// Print the prompts of a link
    Draw(draw::Draw),
    /// Hold a folder's model against what is published of GPT-2 small: ends with 0 if all
    /// is reached, 1 if something differs, 2 if it could not all be compared
    Check(check::Check),
    /// Score heads under ablations over many seeds, into a Parquet file
    Sweep(sweep::Sweep),
    /// Write a model of F32 in half the bytes, without mask buffers
    Convert(convert::Convert),
}

/// The command did not do what it was asked for. `check` has 1 for what it is asked to tell.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(run) => run.run().map(|()| ExitCode::SUCCESS),
        Command::Draw(draw) => draw.run().map(|()| ExitCode::SUCCESS),
        Command::Check(check) => check.run(),
        Command::Sweep(sweep) => sweep.run().map(|()| ExitCode::SUCCESS),
        Command::Convert(convert) => convert.run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("headscope: {error:#}");
        ExitCode::from(FAILED)
    })
}
