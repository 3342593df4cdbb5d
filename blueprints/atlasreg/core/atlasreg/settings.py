"""What the environment says, checked as a whole: everything that is wrong is told at once."""

import dataclasses
import functools
import os
import urllib.parse

MODES = ("standalone", "cloudflare")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("json", "console")
CLOUDFLARE = "https://api.cloudflare.com/client/v4"


class SettingsError(ValueError):
    """Has one line for each setting that is missing or wrong."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The variables of the source, in small letters; empty ones count as missing."""

    mode: str = "standalone"
    database_url: str = ""
    redis_url: str = "redis://redis:6379/2"
    celery_broker_url: str = "redis://redis:6379/1"
    cf_api_token: str = dataclasses.field(default="", repr=False)
    cf_account_id: str = ""
    cf_namespace_id: str = ""
    cf_queue_endpoint: str = CLOUDFLARE
    cf_kv_api_endpoint: str = CLOUDFLARE
    r2_endpoint: str = "http://minio:9000"
    r2_access_key: str = ""
    r2_secret_key: str = dataclasses.field(default="", repr=False)
    r2_region: str = "auto"
    minio_root_user: str = ""
    minio_root_password: str = dataclasses.field(default="", repr=False)
    hook_endpoint: str = ""
    hook_hmac_secret: str = dataclasses.field(default="", repr=False)
    airflow_url: str = "http://airflow-webserver:8080"
    airflow_username: str = ""
    airflow_password: str = dataclasses.field(default="", repr=False)
    secret_key: str = dataclasses.field(default="", repr=False)
    elasticsearch_url: str = ""
    bertimbau_path: str = ""
    spacy_model: str = ""
    log_level: str = "INFO"
    log_format: str = "json"
    # In seconds; longer than the longest task, which Redis would otherwise give to a second worker.
    celery_visibility: int = 900

    def store_key(self):
        """MinIO's own user where R2 has no key, as the source has it in `standalone`."""
        if self.r2_access_key or self.mode == "cloudflare":
            return self.r2_access_key, self.r2_secret_key
        return self.minio_root_user, self.minio_root_password


def parse(environment):
    """The settings of an environment; raises SettingsError."""
    given, faults = {}, []
    for field in dataclasses.fields(Settings):
        text = environment.get(field.name.upper(), "").strip()
        if not text:
            continue
        if field.type is int:
            if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 86400):
                faults.append(f"{field.name.upper()} is {text!r}, and should be 1 to 86400 seconds")
                continue
            given[field.name] = int(text)
        else:
            given[field.name] = text
    settings = Settings(**given)
    for name, allowed in (("mode", MODES), ("log_level", LEVELS), ("log_format", FORMATS)):
        if getattr(settings, name) not in allowed:
            faults.append(f"{name.upper()} is {getattr(settings, name)!r}, and should be one of {', '.join(allowed)}")
    needed = ["database_url", "hook_endpoint", "hook_hmac_secret"]
    if settings.mode == "cloudflare":
        needed += ["cf_api_token", "cf_account_id", "cf_namespace_id", "r2_endpoint", "r2_access_key", "r2_secret_key"]
    faults += [f"{name.upper()} is missing" for name in needed if not getattr(settings, name)]
    if not all(settings.store_key()):
        faults.append("the store has no key: set R2_ACCESS_KEY and R2_SECRET_KEY, or MINIO_ROOT_USER and _PASSWORD")
    for name, schemes in (
            ("database_url", ("postgresql", "postgres")), ("redis_url", ("redis", "rediss")),
            ("celery_broker_url", ("redis", "rediss", "amqp", "amqps")), ("cf_queue_endpoint", ("http", "https")),
            ("cf_kv_api_endpoint", ("http", "https")), ("r2_endpoint", ("http", "https")),
            ("hook_endpoint", ("http", "https")), ("airflow_url", ("http", "https")),
            ("elasticsearch_url", ("http", "https"))):
        value = getattr(settings, name)
        if value and (urllib.parse.urlsplit(value).scheme not in schemes or not urllib.parse.urlsplit(value).hostname):
            faults.append(f"{name.upper()} should be an address such as {schemes[0]}://host/")
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


@functools.cache
def get_settings():
    """The settings of this process, read once."""
    return parse(os.environ)
