#!/usr/bin/env python3
"""Makes Esteira's connections, credentials and setting of the environment that AtlasReg Cursor was configured by.

  MODE=standalone DATABASE_URL=… HOOK_ENDPOINT=… … connections.py [--esteira PROGRAM] [--dry-run]

Reads the variables of `core/atlasreg/settings.py`, and SCRAPERS, SCRAPY_PYTHON (where the spiders are, and who runs
them) and EGRESS (networks that may be reached though they are private, such as 10.0.0.0/8, with blanks between).
Secrets go into the vault through a pipe; they stand in no file and no argument. --dry-run prints the connections.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here / "core"))
from atlasreg import logs, settings as known  # noqa: E402

SECURITY = {"disable": "none", "require": "encrypt", "verify-full": "verify"}


def parts(url):
    return urllib.parse.urlsplit(url)


def bare(url):
    """The address without its user and password."""
    return urllib.parse.urlunsplit(parts(url)._replace(netloc=parts(url).netloc.rpartition("@")[2]))


def login(url):
    """What stands before the @, as a credential of type `basic`; None where nothing does."""
    given = parts(url)
    if given.password is None:
        return None
    return {"username": urllib.parse.unquote(given.username or ""), "password": urllib.parse.unquote(given.password)}


def database(url):
    given = parts(url)
    more = urllib.parse.parse_qs(given.query)
    mode = more.get("sslmode", ["verify-full"])[0]
    if mode not in SECURITY:
        sys.exit(f"connections: DATABASE_URL has sslmode={mode}; here it is one of {', '.join(SECURITY)}")
    address = {"host": given.hostname, "port": given.port or 5432, "database": given.path.lstrip("/"),
               "security": SECURITY[mode]}
    if "sslrootcert" in more:
        address["ca_file"] = more["sslrootcert"][0]
    if given.password is None and given.username:
        address["user"] = urllib.parse.unquote(given.username)
    return address


def wanted(settings, environment):
    """`(name, kind, address, credential)`; a credential is `(type, value)` or None."""
    def user(url, kind="basic"):
        found = login(url)
        return found and (kind, found)
    key, secret = settings.store_key()
    is_r2 = settings.mode == "cloudflare"
    yield "redis_main", "redis", {"url": bare(settings.redis_url)}, user(settings.redis_url)
    broker = bare(settings.celery_broker_url)
    yield "celery", "celery", {"broker": broker, "backend": broker}, user(settings.celery_broker_url)
    yield ("scrapers", "scrapy", {"project": environment.get("SCRAPERS") or str(here / "crawlers"),
                                  "python": environment.get("SCRAPY_PYTHON") or "python3"}, None)
    yield "sources", "http", {}, None
    yield "database", "postgresql", database(settings.database_url), user(settings.database_url, "database")
    yield ("store", "s3", {"service": "r2" if is_r2 else "other", "endpoint": settings.r2_endpoint,
                           "region": settings.r2_region, "path_style": True, "conditional_put": False},
           ("s3", {"access_key_id": key, "secret_access_key": secret}))
    yield "hook", "http", {"url": settings.hook_endpoint}, ("hmac", settings.hook_hmac_secret)
    yield ("airflow", "airflow", {"url": settings.airflow_url}, ("basic", {
        "username": settings.airflow_username or "admin", "password": settings.airflow_password or "admin"}))
    # Without an account there is no KV: its values come from files beside the pipeline.
    account = {"account_id": settings.cf_account_id} if is_r2 else {}
    token = ("bearer", settings.cf_api_token) if is_r2 else None
    values = {"namespace_id": settings.cf_namespace_id, "url": settings.cf_kv_api_endpoint} if is_r2 else {}
    yield "cloudflare_kv", "cloudflare", {**account, **values}, token
    if is_r2:
        yield "cloudflare_queue", "cloudflare", {**account, "url": settings.cf_queue_endpoint}, token


def esteira(*words, value=None):
    done = subprocess.run([options.esteira, *words], input=value, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"connections: esteira {' '.join(words)}: {done.stderr.strip()}")


def main():
    try:
        settings = known.parse(os.environ)
    except known.SettingsError as faults:
        sys.exit("\n".join(f"connections: {line}" for line in str(faults).splitlines()))
    logs.setup_logging(settings.log_level, settings.log_format)
    log = logs.get_logger("cursor")
    if not options.dry_run:
        log.info("cursor_starting", extra={"mode": settings.mode})
    egress = os.environ.get("EGRESS", "").split()
    for name, kind, address, credential in wanted(settings, os.environ):
        made = {"namespace": options.namespace, "name": name, "kind": kind, "address": address}
        if egress and kind != "scrapy":
            made["egress"] = {"allow": egress}
        if credential:
            made["credential"] = name
        if options.dry_run:
            print(json.dumps(made))
            continue
        if credential:
            sort, value = credential
            esteira("credential", "set", f"{options.namespace}/{name}", "--type", sort, "--from-stdin",
                    value=value if isinstance(value, str) else json.dumps(value))
        esteira("connection", "apply", "-", value=json.dumps(made))
    if not options.dry_run:
        esteira("setting", "set", f"{options.namespace}/atlasreg_mode", settings.mode)
        # From here on the server reads that queue, and does so again whenever it is started.
        log.info(f"queue_consumer_mode_{settings.mode}")
        log.info("cursor_orchestrator_initialized", extra={"namespace": options.namespace})


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--esteira", default="esteira", help="the program")
parser.add_argument("--namespace", default="atlasreg")
parser.add_argument("--dry-run", action="store_true")
options = parser.parse_args()
main()
