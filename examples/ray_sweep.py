#!/usr/bin/env python3
"""Run `headscope sweep` in shards on a Ray cluster, and join their tables.

    python3 examples/ray_sweep.py -o sweep.parquet --shards 64 \\
        --model gpt2 --heads all --seeds 0-999 --kinds notebook

What is not listed above goes to `headscope sweep` as it is. All machines have to see the
current folder, the command and the model under the same paths. A shard whose machine or
process was killed is run again and goes on with the seed that it was at. So does the
whole sweep, if it is started again with the same words.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    sys.exit("This needs Ray and DuckDB: pip install ray duckdb")

from merge_sweep import NotWhole, count_rows, duckdb, merge, shard_path

COMMAND = Path(__file__).resolve().parent.parent / "target/native/headscope"


class Killed(Exception):
    """The command was killed: the shard is run again."""


@ray.remote(retry_exceptions=[Killed])
def run_shard(words: list[str], folder: str) -> str | None:
    """Run a shard to its end, or on from where an earlier try of it was killed.

    Gives what the command said if it could not do what it was asked for: another try
    would end as this one.
    """
    done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode < 0:
        raise Killed(f"{signal.Signals(-done.returncode).name} ended: {' '.join(words)}")
    return done.stderr.strip() if done.returncode > 0 else None


def sweep(args: argparse.Namespace, options: list[str]) -> list[Path]:
    """Run all shards, and tell how far they are. Gives their files."""
    task = run_shard.options(num_cpus=args.threads, max_retries=args.retries)
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    running = {}
    for index in range(1, args.shards + 1):
        path = shard_path(folder, index, args.shards)
        # Of a worker that died the command may live on: the next try waits for its end.
        own = ["--shard", f"{index}/{args.shards}", "--threads", str(args.threads), "--wait", "-o", str(path)]
        words = [str(args.command), "sweep", *options, *own]
        running[task.remote(words, str(Path.cwd()))] = path
    begun, rows, shards = time.monotonic(), 0, list(running.values())
    while running:
        [ended], _ = ray.wait(list(running), num_returns=1)
        if refused := ray.get(ended):
            sys.exit(f"ray_sweep: {refused}")
        rows += count_rows(running.pop(ended))
        done, seconds = args.shards - len(running), time.monotonic() - begun
        print(f"{done} of {args.shards} shards, {rows} rows, {rows / seconds:.0f} rows/s", flush=True)
    return shards


def parse() -> tuple[argparse.Namespace, list[str]]:
    summary, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        usage="%(prog)s -o FILE [options] --model DIR --heads HEADS --seeds SEEDS --kinds KINDS",
        description=summary,
        epilog=details,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="the Parquet file to write")
    add("--shards", type=int, default=64, metavar="N", help="parts, at most one a seed (default: 64)")
    add("--folder", type=Path, metavar="DIR", help="where the shards are kept (default: FILE.shards)")
    add("--threads", type=int, default=1, metavar="N", help="processors of a shard (default: 1)")
    add("--retries", type=int, default=3, metavar="N", help="further tries of a killed shard (default: 3)")
    add("--address", default="local", metavar="HOST:PORT", help="the cluster (default: one for this, on this machine)")
    add("--command", type=Path, default=COMMAND, metavar="PATH", help="the command (default: %(default)s)")
    args, options = parser.parse_known_args()
    if min(args.shards, args.threads) < 1:
        parser.error("--shards and --threads are at least 1")
    args.command = args.command.resolve()
    if not os.access(args.command, os.X_OK):
        parser.error(f"{args.command} is no command; `make command` builds it, --command names another")
    args.folder = args.folder or args.output.with_name(f"{args.output.name}.shards")
    return args, options


def main() -> None:
    args, options = parse()
    # With a dead worker goes what it started, where Ray is started here.
    os.environ.setdefault("RAY_process_group_cleanup_enabled", "true")
    try:
        ray.init(address=args.address, log_to_driver=False)
        rows = merge(sweep(args, options), args.output)
    except RayTaskError as error:
        sys.exit(f"ray_sweep: {error.cause}")
    except (RayError, ConnectionError, NotWhole, duckdb.Error) as error:
        sys.exit(f"ray_sweep: {error}")
    print(f"{args.output}: {rows} rows")


if __name__ == "__main__":
    main()
