"""The recipes for several machines give the table of one process: also where what runs a
shard is killed in the middle of it. `make test-sweep` runs this."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from ray.cluster_utils import Cluster

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
COMMAND = Path(os.environ.get("HEADSCOPE_COMMAND", ROOT / "target/native/headscope")).resolve()
SEEDS, SHARDS = 300, 3
# Seconds: a busy machine takes many times what an idle one does.
TIMEOUT = 600
SWEEP = ["--model", "data/tiny", "--heads", "all", "--kinds", "notebook,resample"]
SWEEP += ["--link", "v=1&model=tiny", "--seeds", f"0-{SEEDS - 1}"]
# Six heads, and under each kind every component below them: of the notebook's preset two
# embeddings, and a pattern and an MLP of every earlier layer; else all heads and outputs.
ROWS_OF_A_SEED = 6 + 2 * (2 + 4 + 6) + 2 * (2 + 6 + 10)


def run(words: list, **more) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, words)), cwd=ROOT, capture_output=True, text=True, **more)


def rows(table: Path) -> list[tuple]:
    return duckdb.execute("SELECT * FROM read_parquet(?)", [str(table)]).fetchall()


def note(table: Path) -> list[tuple]:
    query = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'headscope.sweep'"
    return duckdb.execute(query, [str(table)]).fetchall()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table that one process writes."""
    table = tmp_path_factory.mktemp("whole") / "whole.parquet"
    done = run([COMMAND, "sweep", *SWEEP, "--threads", 1, "-o", table])
    assert done.returncode == 0, done.stderr
    return table


@pytest.fixture(scope="session")
def whole_shards(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the same sweep's shards, as an array's tasks leave them one after another."""
    folder = tmp_path_factory.mktemp("array") / "shards"
    for index in range(1, SHARDS + 1):
        done = slurm_task(folder, index)
        assert done.returncode == 0, done.stderr
    return folder


def assert_same(table: Path, whole: Path) -> None:
    """Both tables have the same rows in the same order, and say the same of themselves."""
    expected = rows(whole)
    assert len(expected) == SEEDS * ROWS_OF_A_SEED
    assert rows(table) == expected
    assert note(table) == note(whole) != []
    # The command takes it for its own.
    again = run([COMMAND, "sweep", *SWEEP, "-o", table])
    assert "is complete already" in again.stdout, again.stderr


# ---- Ray ------------------------------------------------------------------------


def ray_words(output: Path, *options: object) -> list[str]:
    words = [sys.executable, EXAMPLES / "ray_sweep.py", "--command", COMMAND, "-o", output]
    return list(map(str, [*words, "--shards", SHARDS, *SWEEP, *options]))


def start_ray(output: Path, *options: object, **environment: str) -> subprocess.Popen:
    """The recipe on a Ray of its own, with two workers."""
    environ = {**os.environ, "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}', **environment}
    words = ray_words(output, *options)
    return subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def processes_of(shard: Path) -> list[int]:
    """The processes of the command that write a shard."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == os.fsencode(COMMAND) and os.fsencode(shard) in words:
            found.append(int(entry.name))
    return found


def parent_of(process: int) -> int:
    return int(re.search(r"^PPid:\s*(\d+)", Path(f"/proc/{process}/status").read_text(), re.M)[1])


def seeds_done(shard: Path) -> int:
    """The seeds that a shard's notes hold; the first line says what they are of."""
    try:
        return Path(f"{shard}.partial").read_bytes().count(b"\n") - 1
    except FileNotFoundError:
        return -1


def stop_in_the_middle(shard: Path, recipe: subprocess.Popen, after: int = 10) -> int:
    """Stops the process that runs a shard when so many of its seeds are done, and not all."""
    while seeds_done(shard) < after:
        assert recipe.poll() is None, recipe.communicate()[0]
        time.sleep(0.002)
    [process] = processes_of(shard)
    os.kill(process, signal.SIGSTOP)
    assert after <= seeds_done(shard) < SEEDS / SHARDS and not shard.exists()
    return process


def gone(process: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True


def ended(recipe: subprocess.Popen) -> str:
    told, _ = recipe.communicate(timeout=TIMEOUT)
    assert recipe.returncode == 0, told
    return told


def test_two_workers_give_the_table_of_one_process(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.parquet"
    told = ended(start_ray(output))
    assert f"{SHARDS} of {SHARDS} shards, {SEEDS * ROWS_OF_A_SEED} rows" in told
    assert_same(output, whole)


def test_a_killed_command_is_run_again(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.parquet"
    recipe = start_ray(output)
    killed = stop_in_the_middle(tmp_path / "sweep.parquet.shards/2-of-3.parquet", recipe)
    os.kill(killed, signal.SIGKILL)
    ended(recipe)
    assert_same(output, whole)


@pytest.mark.parametrize("cleanup", ["true", "false"])
def test_a_killed_worker_is_replaced(whole: Path, tmp_path: Path, cleanup: str) -> None:
    """Its command is ended with it, or lives on and is waited for."""
    output = tmp_path / "sweep.parquet"
    recipe = start_ray(output, RAY_process_group_cleanup_enabled=cleanup)
    shard = tmp_path / "sweep.parquet.shards/1-of-3.parquet"
    command = stop_in_the_middle(shard, recipe)
    worker = parent_of(command)
    assert "ray::run_shard" in Path(f"/proc/{worker}/cmdline").read_text()
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + TIMEOUT
    while not gone(worker) or not [other for other in processes_of(shard) if other != command]:
        assert time.monotonic() < until and recipe.poll() is None
        time.sleep(0.01)
    if cleanup == "false":
        assert not gone(command) and not shard.exists()
        os.kill(command, signal.SIGCONT)
    ended(recipe)
    assert_same(output, whole)


def test_without_further_tries_it_fails_and_goes_on_when_it_is_started_again(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.parquet"
    shard = tmp_path / "sweep.parquet.shards/1-of-3.parquet"
    recipe = start_ray(output, "--retries", 0)
    os.kill(stop_in_the_middle(shard, recipe), signal.SIGKILL)
    told, _ = recipe.communicate(timeout=TIMEOUT)
    assert recipe.returncode == 1 and "SIGKILL ended" in told and "1-of-3" in told, told
    assert not output.exists() and not shard.exists()
    notes = Path(f"{shard}.partial")
    before = notes.stat()
    recipe = start_ray(output)
    # What was noted is kept, not computed again.
    process = stop_in_the_middle(shard, recipe, seeds_done(shard) + 1)
    assert notes.stat().st_ino == before.st_ino and notes.stat().st_size > before.st_size
    os.kill(process, signal.SIGCONT)
    ended(recipe)
    assert_same(output, whole)


def test_the_shards_of_a_lost_machine_go_to_another(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "sweep.parquet"
    shards = [tmp_path / f"sweep.parquet.shards/{index}-of-3.parquet" for index in (1, 2)]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        lost = cluster.add_node(num_cpus=1)
        [raylet] = lost.all_processes["raylet"]
        recipe = start_ray(output, "--address", cluster.address)
        commands = [stop_in_the_middle(shard, recipe) for shard in shards]
        on_lost = [parent_of(parent_of(command)) == raylet.process.pid for command in commands]
        assert sorted(on_lost) == [False, True]
        cluster.remove_node(lost, allow_graceful=False)
        # That of the other machine goes on.
        os.kill(commands[on_lost.index(False)], signal.SIGCONT)
        ended(recipe)
    finally:
        cluster.shutdown()
    assert_same(output, whole)


def test_what_cannot_be_done_is_told_once(tmp_path: Path) -> None:
    output = tmp_path / "sweep.parquet"
    recipe = start_ray(output, "--colour", "red")
    told, _ = recipe.communicate(timeout=TIMEOUT)
    assert recipe.returncode == 1 and "Traceback" not in told, told
    assert told.count("ray_sweep: ") == told.count("unexpected argument '--colour'") == 1, told
    absent = run([*ray_words(output), "--command", tmp_path / "none"])
    assert absent.returncode == 2 and "make command" in absent.stderr
    assert not output.exists()


# ---- Slurm ----------------------------------------------------------------------


def slurm_task(folder: Path, index: int | None, *options: object) -> subprocess.CompletedProcess:
    """A task of the array, as Slurm would start it: a copy of the script, and variables."""
    environ = {**os.environ, "HEADSCOPE_COMMAND": str(COMMAND), "HEADSCOPE_SHARDS": str(SHARDS)}
    environ |= {"SLURM_ARRAY_TASK_ID": str(index), "SLURM_CPUS_PER_TASK": "1"} if index else {}
    script = folder.parent / "slurm_script"
    shutil.copy(EXAMPLES / "slurm_sweep.sh", script)
    return run([script, folder, *SWEEP, *options], env=environ)


def merged(folder: Path, output: Path) -> subprocess.CompletedProcess:
    return run([sys.executable, EXAMPLES / "merge_sweep.py", folder, "-o", output])


def test_the_tasks_of_an_array_give_the_table_of_one_process(
    whole: Path, whole_shards: Path, tmp_path: Path
) -> None:
    output = tmp_path / "sweep.parquet"
    done = merged(whole_shards, output)
    assert done.returncode == 0 and f"{SEEDS * ROWS_OF_A_SEED} rows" in done.stdout, done.stderr
    assert_same(output, whole)
    # A task that is run once more leaves its shard as it is.
    assert "is complete already" in slurm_task(whole_shards, 2).stdout


def test_the_array_has_as_many_tasks_as_there_are_shards() -> None:
    script = (EXAMPLES / "slurm_sweep.sh").read_text()
    [last] = re.findall(r"^#SBATCH --array=1-(\d+)$", script, re.M)
    assert f"shards=${{HEADSCOPE_SHARDS:-{last}}}" in script
    # Slurm reads no further than to the first line that is no comment.
    assert all(line.startswith("#") for line in script[: script.rindex("#SBATCH")].splitlines())


def test_what_is_no_task_is_refused(tmp_path: Path) -> None:
    assert "start it with sbatch" in slurm_task(tmp_path / "shards", None).stderr
    refused = slurm_task(tmp_path / "shards", 4)
    assert refused.returncode == 2 and "is no shard" in refused.stderr


# ---- joining --------------------------------------------------------------------


def rewritten(shard: Path, query: str) -> None:
    """A shard with other rows, which says of itself what it said."""
    [[said]] = note(shard)
    said = said.replace("'", "''")
    new = shard.with_suffix(".new")
    rows = query.replace("SHARD", f"'{shard}'")
    duckdb.execute(
        f"COPY ({rows}) TO '{new}'"
        f" (FORMAT parquet, KV_METADATA {{'headscope.sweep': '{said}'}})"
    )
    new.replace(shard)


def test_no_table_is_made_of_what_is_not_whole(whole_shards: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "shards", tmp_path / "sweep.parquet"
    shard = folder / "2-of-3.parquet"

    def broken(by, said: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole_shards, folder)
        by()
        done = merged(folder, output)
        assert done.returncode == 1 and said in done.stderr, done.stderr
        assert "Traceback" not in done.stderr and not output.exists()

    broken(shard.unlink, "1 of 3 shards are missing")
    broken(lambda: shutil.rmtree(folder), "holds no shard")
    broken(lambda: shutil.copy(folder / "1-of-3.parquet", shard), "in more than one shard")
    broken(lambda: shutil.copy(shard, folder / "2-of-4.parquet"), "of several sweeps")
    broken(lambda: shard.write_bytes(shard.read_bytes()[:-100]), "merge_sweep: ")
    broken(
        lambda: rewritten(shard, "FROM SHARD OFFSET 1"),
        "rows are missing or there twice of the seeds [1]",
    )
    broken(
        lambda: rewritten(shard, "FROM SHARD UNION ALL (FROM SHARD WHERE seed = 4 LIMIT 1)"),
        "rows are missing or there twice of the seeds [4]",
    )
    broken(lambda: rewritten(shard, "FROM SHARD WHERE seed <> 7"), "other seeds than they say")
    shard.unlink()
    other = run([COMMAND, "sweep", *SWEEP, "--kinds", "zero", "--shard", "2/3", "-o", shard])
    assert other.returncode == 2, "an option counts once"
    words = [*SWEEP[:4], "--kinds", "zero", *SWEEP[6:]]
    other = run([COMMAND, "sweep", *words, "--shard", "2/3", "-o", tmp_path / "other.parquet"])
    assert other.returncode == 0, other.stderr
    broken(lambda: shutil.copy(tmp_path / "other.parquet", shard), "of different sweeps")
