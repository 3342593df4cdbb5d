"""Chains of tasks that do nothing, on Celery with Redis as broker and result store.

Starts a Redis and a worker of its own, says `ready`, and for every line that it reads runs one slice: 256
chains of 20 tasks, all at once, until every result is there. Answers `STEPS SECONDS`. Ends with its input.

Redis keeps nothing on the disk here, so Celery is spared the writes that Esteira makes.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import celery
import redis

CHAINS, STEPS = 256, 20
PORT = int(os.environ.get("BENCH_REDIS_PORT") or 0)

app = celery.Celery("celery_chains", broker=f"redis://127.0.0.1:{PORT}/0", backend=f"redis://127.0.0.1:{PORT}/1")
app.conf.broker_connection_retry_on_startup = True


@app.task
def step(rows=0):
    return rows + 1


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start_redis(port, folder, log):
    """Keeps nothing on the disk; answers when it can be asked."""
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
         "--dir", folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    client = redis.Redis(port=port)
    for _ in range(500):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.02)
    return server


def run_slice():
    chains = [celery.chain(step.s(0), *[step.s() for _ in range(STEPS - 1)]) for _ in range(CHAINS)]
    begin = time.monotonic()
    for result in [chain.apply_async() for chain in chains]:
        assert result.get(timeout=300) == STEPS
    return time.monotonic() - begin


def serve(log):
    """In a process whose PORT is set: that of the Redis that was started for it."""
    here = os.path.dirname(os.path.abspath(__file__))
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "--workdir", here, "-A", "celery_chains", "worker",
         "--concurrency", str(os.cpu_count() or 1), "--loglevel", "WARNING"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        assert step.delay(1).get(timeout=60) == 2
        run_slice()
        print("ready", f"Celery {celery.__version__} with Redis {redis.Redis(port=PORT).info()['redis_version']}",
              flush=True)
        for _ in sys.stdin:
            print(CHAINS * STEPS, f"{run_slice():.6f}", flush=True)
    finally:
        worker.terminate()
        worker.wait()


def main():
    folder = tempfile.mkdtemp(prefix="esteira-bench-")
    port = free_port()
    with open(os.path.join(folder, "log"), "ab") as log:
        server = start_redis(port, folder, log)
        try:
            # The application takes its address where the module is read, here and in the worker.
            os.environ["BENCH_REDIS_PORT"] = str(port)
            subprocess.run([sys.executable, __file__, "serve", log.name], check=False)
        finally:
            server.terminate()
            server.wait()
    shutil.rmtree(folder)


if __name__ == "__main__":
    # Whoever starts this from a thread that blocks signals hands that on, and then nothing here could be ended.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if sys.argv[1:2] == ["serve"]:
        with open(sys.argv[2], "ab") as file:
            serve(file)
    else:
        main()
