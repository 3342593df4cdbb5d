"""DAGs for the tests of `airflow.*`, for Airflow 2 and 3."""
import datetime
import time

from airflow.decorators import dag, task

common = {"schedule": None, "start_date": datetime.datetime(2026, 1, 1), "catchup": False, "tags": ["scrapers"]}


@dag(dag_id="collects", is_paused_upon_creation=False, **common)
def collects():
    @task
    def collect(dag_run=None):
        return {"items_count": 2, "documents": [{"id": "d1"}, {"id": "d2"}], "run_id": dag_run.conf["run_id"]}

    collect()


@dag(dag_id="fails", is_paused_upon_creation=False, **common)
def fails():
    @task
    def load():
        raise ValueError("no such page")

    load()


@dag(dag_id="sleeps", is_paused_upon_creation=False, **common)
def sleeps():
    @task
    def sleep():
        time.sleep(600)

    sleep()


@dag(dag_id="paused", is_paused_upon_creation=True, **common)
def paused():
    @task
    def nothing():
        return None

    nothing()


collects()
fails()
sleeps()
paused()
