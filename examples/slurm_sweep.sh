#!/bin/sh
#SBATCH --job-name=headscope-sweep
#SBATCH --array=1-64
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#
# Runs `headscope sweep` as 64 tasks of a Slurm array, each a shard, from the clone's folder:
#
#   job=$(sbatch --parsable examples/slurm_sweep.sh shards \
#       --model gpt2 --heads all --seeds 0-999 --kinds notebook)
#   sbatch --dependency=afterok:"$job" --wrap 'python3 examples/merge_sweep.py shards -o sweep.parquet'
#
# A task that was killed goes on with the seed that it was at: Slurm requeues it where a
# node failed, and else the same line does, with --array=7,9 for some of them.
set -eu

# As many as the array has above. SLURM_ARRAY_TASK_COUNT is less where only some are run.
shards=${HEADSCOPE_SHARDS:-64}
command=${HEADSCOPE_COMMAND:-target/native/headscope}

fail() { printf 'slurm_sweep: %s\n' "$*" >&2; exit 2; }
[ $# -gt 1 ] || fail "usage: sbatch examples/slurm_sweep.sh FOLDER SWEEP-OPTIONS..."
[ -n "${SLURM_ARRAY_TASK_ID:-}" ] || fail "this is a task of an array: start it with sbatch"
[ -x "$command" ] || fail "there is no $command here: run this in the clone, after make command"

folder=$1
shift
mkdir -p "$folder"
# Where a task was requeued, what it was may still be ending.
exec "$command" sweep "$@" --wait --threads "${SLURM_CPUS_PER_TASK:-1}" \
    --shard "$SLURM_ARRAY_TASK_ID/$shards" -o "$folder/$SLURM_ARRAY_TASK_ID-of-$shards.parquet"
