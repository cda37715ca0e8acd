#!/usr/bin/env python3
"""Join the shards of a `headscope sweep` into one Parquet file.

The file is the one that a single process would have written. Nothing is written if a
shard is missing, or a row is missing or there twice.

    python3 examples/merge_sweep.py shards -o sweep.parquet
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

try:
    import duckdb
except ImportError:
    sys.exit("This needs DuckDB: pip install duckdb")

# Under which a shard says of which sweep it is.
NOTE = "headscope.sweep"


class NotWhole(Exception):
    """The shards are not one whole sweep."""


def shard_path(folder: Path, index: int, count: int) -> Path:
    """The file of a shard, which counts from 1."""
    return folder / f"{index}-of-{count}.parquet"


def find_shards(folder: Path) -> list[Path]:
    """The files of all shards in a folder."""
    names = [re.fullmatch(r"(\d+)-of-(\d+)\.parquet", path.name) for path in folder.glob("*.parquet")]
    found = {(int(name[1]), int(name[2])) for name in names if name}
    counts = sorted({count for _, count in found})
    if not counts:
        raise NotWhole(f"{folder} holds no shard: their names are like 3-of-64.parquet")
    if len(counts) > 1:
        raise NotWhole(f"{folder} holds shards of several sweeps, cut in {counts} parts")
    [count] = counts
    missing = [index for index in range(1, count + 1) if (index, count) not in found]
    if missing:
        raise NotWhole(f"{len(missing)} of {count} shards are missing in {folder}: {missing}")
    return [shard_path(folder, index, count) for index in range(1, count + 1)]


def count_rows(shard: Path) -> int:
    """The rows of a shard, by the end of its file."""
    query = "SELECT num_rows FROM parquet_file_metadata(?)"
    return duckdb.execute(query, [str(shard)]).fetchone()[0]


def common_job(shards: list[Path]) -> dict:
    """What all shards are parts of, with the seeds of all of them."""
    query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?"
    jobs = [json.loads(note) for [note] in duckdb.execute(query, [list(map(str, shards)), NOTE]).fetchall()]
    if len(jobs) != len(shards):
        raise NotWhole("some files say of no sweep that they are part of it")
    seeds = sorted(seed for job in jobs for seed in job["seeds"])
    if len(set(seeds)) != len(seeds):
        raise NotWhole("some seeds are in more than one shard")
    merged = {**jobs[0], "seeds": seeds}
    if any({**job, "seeds": seeds} != merged for job in jobs):
        raise NotWhole("the shards are of different sweeps")
    return merged


def merge(shards: list[Path], output: Path) -> int:
    """Write all rows of the shards as one file, and give their number."""
    job = common_job(shards)
    files = ", ".join(quoted(str(shard)) for shard in shards)
    table = duckdb.connect()
    table.execute(f"CREATE VIEW shards AS FROM read_parquet([{files}], file_row_number = true)")
    per_seed = table.execute(
        "SELECT seed, count(*), count(DISTINCT (layer, head, component, kind))"
        " FROM shards GROUP BY seed ORDER BY seed"
    ).fetchall()
    # Every seed has the same rows.
    each = max((different for _, _, different in per_seed), default=0)
    wrong = [seed for seed, rows, different in per_seed if not rows == different == each]
    if wrong:
        raise NotWhole(f"rows are missing or there twice of the seeds {wrong}")
    if [seed for seed, _, _ in per_seed] != job["seeds"]:
        raise NotWhole("the shards hold other seeds than they say")

    note = quoted(json.dumps(job, separators=(",", ":"), ensure_ascii=False))
    new = output.with_name(f"{output.name}.new")
    # A seed is in one shard, so its rows keep the order that they have there.
    table.execute(
        "COPY (SELECT * EXCLUDE (file_row_number) FROM shards ORDER BY seed, file_row_number)"
        f" TO {quoted(str(new))} (FORMAT parquet, KV_METADATA {{{quoted(NOTE)}: {note}}})"
    )
    os.replace(new, output)
    return each * len(per_seed)


def quoted(text: str) -> str:
    """A text as SQL writes it, where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def main() -> None:
    summary, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="the folder of the shards")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the Parquet file to write")
    args = parser.parse_args()
    try:
        rows = merge(find_shards(args.folder), args.output)
    except (NotWhole, duckdb.Error) as error:
        sys.exit(f"merge_sweep: {error}")
    print(f"{args.output}: {rows} rows")


if __name__ == "__main__":
    main()
