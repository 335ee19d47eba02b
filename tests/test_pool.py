"""The pool of workers: one that is killed is replaced, and what it did is done again, once."""

import os
import signal
from concurrent.futures import BrokenExecutor

import pytest

from autograder.pool import Pool


def noted(folder, name, kills=0):
    """Notes that it was called, in a file of that name, and kills its worker the first times."""
    path = folder / name
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}x")
    if len(before) < kills:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def held(begun, release):
    """Says through one pipe that it was called, and waits for what comes through another."""
    begun.write_text("begun")
    return release.read_text()


@pytest.fixture(scope="module")
def pool():
    with Pool(2) as pool:
        yield pool


def test_who_kills_a_worker_is_tried_again_and_fails_alone(pool, tmp_path):
    kills = {"a": 0, "b": 1, "c": 0, "d": 9, "e": 0, "f": 1, "g": 0}
    futures = {name: pool.submit(noted, tmp_path, name, kills=kills[name]) for name in kills}
    with pytest.raises(BrokenExecutor):
        futures.pop("d").result()
    workers = {future.result() for future in futures.values()}
    assert os.getpid() not in workers
    calls = {path.name: len(path.read_text()) for path in tmp_path.iterdir()}
    assert calls == {"a": 1, "b": 2, "c": 1, "d": 2, "e": 1, "f": 2, "g": 1}


def test_a_worker_that_is_killed_while_it_waits_is_replaced(pool, tmp_path):
    idle = [pool.submit(noted, tmp_path, "idle").result() for _ in range(4)]
    for worker in {*idle}:
        os.kill(worker, signal.SIGKILL)
    assert pool.submit(noted, tmp_path, "next").result() not in idle
    assert (tmp_path / "next").read_text() == "x"


def test_an_error_of_the_work_is_no_end_of_a_worker(pool, tmp_path):
    with pytest.raises(FileNotFoundError):
        pool.submit(noted, tmp_path / "missing", "a").result()
    assert pool.submit(abs, -1).result() == 1


def test_what_no_worker_has_begun_can_be_cancelled(tmp_path):
    begun, release = tmp_path / "begun", tmp_path / "release"
    os.mkfifo(begun)
    os.mkfifo(release)
    with Pool(1) as pool:
        first = pool.submit(held, begun, release)
        second = pool.submit(noted, tmp_path, "second")
        assert begun.read_text() == "begun"
        pool.shutdown(wait=False, cancel_futures=True)
        release.write_text("released")
    assert second.cancelled() and first.result() == "released"
