"""`celery.task` beside a plain Celery script: the same 1,000 tasks, and 50 chains of 20, in the same run.

Both send to one worker over one Redis, in turns, ROUNDS times; a time goes from the first call to the last result. What
Celery's own `group` and `chain` do in memory, Esteira does as steps of jobs that are on the disk before a task is sent.
Prints a line for each and the ratio of the medians. `ESTEIRA` names the program.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import celery

from celery_chains import app, free_port, start_redis, step

TASKS, CHAINS, STEPS = 1_000, 50, 20
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 3)
ESTEIRA = os.environ["ESTEIRA"]


def pipelines():
    chain = [f"""  s{number}:
    needs: [s{number - 1}]
    uses: celery.task
    connection: celery
    with: {{task: celery_chains.step, args: ["${{{{ steps.s{number - 1}.output.result }}}}"]}}
""" for number in range(1, STEPS)]
    return {
        "tasks.yaml": f"""apiVersion: esteira/v1
id: tasks
namespace: bench
steps:
  task:
    for_each: "[{", ".join(str(number) for number in range(TASKS))}]"
    max_parallel: {TASKS}
    uses: celery.task
    connection: celery
    with: {{task: celery_chains.step, args: ["${{{{ item }}}}"]}}
""",
        "chains.yaml": f"""apiVersion: esteira/v1
id: chains
namespace: bench
steps:
  each:
    for_each: "[{", ".join(str(number) for number in range(CHAINS))}]"
    max_parallel: {CHAINS}
    call: {{pipeline: bench/chain}}
""",
        "chain.yaml": """apiVersion: esteira/v1
id: chain
namespace: bench
steps:
  s0:
    uses: celery.task
    connection: celery
    with: {task: celery_chains.step, args: [0]}
""" + "".join(chain),
    }


class Esteira:
    def __init__(self, folder, redis_port):
        self.environment = {**os.environ, "ESTEIRA_DATA": f"{folder}/data", "ESTEIRA_LISTEN": "none"}
        for name, text in pipelines().items():
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        os.makedirs(f"{folder}/data")
        self.log = open(f"{folder}/server.log", "w", encoding="utf-8")
        self.server = subprocess.Popen(
            [ESTEIRA, "server"], env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(600):
            if self.run("version", "-o", "json", check=False).returncode == 0:
                if os.path.exists(f"{folder}/data/api.sock"):
                    break
            time.sleep(0.05)
        with open(f"{folder}/connection.yaml", "w", encoding="utf-8") as file:
            file.write(json.dumps({
                "namespace": "bench", "name": "celery", "kind": "celery",
                "address": {"broker": f"redis://127.0.0.1:{redis_port}/0", "backend": f"redis://127.0.0.1:{redis_port}/1"},
                "egress": {"allow": ["127.0.0.0/8"]}}))
        self.run("connection", "apply", f"{folder}/connection.yaml")
        self.run("pipeline", "apply", *(f"{folder}/{name}" for name in pipelines()))

    def run(self, *words, check=True):
        done = subprocess.run([ESTEIRA, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if check and done.returncode:
            sys.exit(f"esteira {' '.join(words)}: {done.stderr or done.stdout}")
        return done

    def tasks(self):
        begin = time.monotonic()
        self.run("job", "start", "bench/tasks", "--watch", "-q")
        return time.monotonic() - begin

    def chains(self):
        begin = time.monotonic()
        self.run("job", "start", "bench/chains", "--watch", "-q")
        return time.monotonic() - begin

    def stop(self):
        self.server.terminate()
        self.server.wait()
        self.log.close()


def plain_tasks():
    begin = time.monotonic()
    results = [step.delay(number) for number in range(TASKS)]
    assert [result.get(timeout=300) for result in results] == [number + 1 for number in range(TASKS)]
    return time.monotonic() - begin


def plain_chains():
    begin = time.monotonic()
    made = [celery.chain(step.s(0), *[step.s() for _ in range(STEPS - 1)]) for _ in range(CHAINS)]
    assert all(result.get(timeout=300) == STEPS for result in [chain.apply_async() for chain in made])
    return time.monotonic() - begin


def measure(folder, port):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(f"{folder}/worker.log", "w", encoding="utf-8") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "--workdir", here, "-A", "celery_chains", "worker",
             "--concurrency", str(os.cpu_count() or 1), "--loglevel", "WARNING"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        esteira = Esteira(folder, port)
        try:
            assert step.delay(1).get(timeout=60) == 2
            for name, ours, plain in [("1,000 tasks", esteira.tasks, plain_tasks),
                                      ("50 chains of 20", esteira.chains, plain_chains)]:
                # Once each before it counts.
                ours(), plain()
                pairs = [(ours(), plain()) for _ in range(ROUNDS)]
                mine, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
                print(f"{name:18} celery.task {mine:6.2f} s   plain Celery {theirs:6.2f} s   "
                      f"{theirs / mine:.2f} times as fast ({min(b / a for a, b in pairs):.2f} to "
                      f"{max(b / a for a, b in pairs):.2f})", flush=True)
        finally:
            esteira.stop()
            worker.terminate()
            worker.wait()


def main():
    with tempfile.TemporaryDirectory(prefix="esteira-bench-") as folder:
        if "BENCH_REDIS_PORT" in os.environ:
            return measure(folder, int(os.environ["BENCH_REDIS_PORT"]))
        port = free_port()
        with open(f"{folder}/redis.log", "w", encoding="utf-8") as log:
            server = start_redis(port, folder, log)
            try:
                # The application takes its address where the module is read, here and in the worker.
                subprocess.run([sys.executable, __file__], env={**os.environ, "BENCH_REDIS_PORT": str(port)}, check=True)
            finally:
                server.terminate()
                server.wait()
    return None


if __name__ == "__main__":
    main()
