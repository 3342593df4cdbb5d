"""OpenStack Swift with its s3api: a real store of S3 for tests, which checks signatures.

Prints its address when it serves, and ends with all that it started when its input ends.
The key is test:tester, its secret testing. SWIFT_LOCATION is the region that signatures have to be for.
"""
import getpass
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SERVERS = ["account", "container", "object", "proxy"]
PROXY = """
[pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
s3_acl = no
location = {location}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memory}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


def free_ports(count):
    """Below the range from which the system gives ports to those who ask for any."""
    while True:
        first = random.randrange(20000, 32767 - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return [first + place for place in range(count)]
        except OSError:
            continue


def proxy(ports):
    location = os.environ.get("SWIFT_LOCATION", "us-east-1")
    return PROXY.replace("{memory}", str(ports["memory"])).replace("{location}", location)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def configure(folder, ports):
    os.makedirs(os.path.join(folder, "srv/sda1"))
    write(
        folder,
        "swift.conf",
        "[swift-hash]\nswift_hash_path_suffix = e\nswift_hash_path_prefix = e\n"
        "[storage-policy:0]\nname = gold\ndefault = yes\n",
    )
    for server in SERVERS:
        common = f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {ports[server]}\nworkers = 0\n"
        common += f"user = {getpass.getuser()}\nswift_dir = {folder}\nlog_level = WARNING\n"
        if server == "proxy":
            write(folder, "proxy.conf", common + proxy(ports))
            continue
        common += f"devices = {folder}/srv\nmount_check = false\n"
        common += "disable_fallocate = true\nfallocate_reserve = 0\n"
        name = f"{server}-server"
        write(
            folder,
            f"{server}.conf",
            common + f"[pipeline:main]\npipeline = {name}\n[app:{name}]\nuse = egg:swift#{server}\n",
        )
        for words in [
            ["create", "4", "1", "1"],
            ["add", f"r1z1-127.0.0.1:{ports[server]}/sda1", "1"],
            ["rebalance"],
        ]:
            subprocess.run(
                ["swift-ring-builder", f"{server}.builder"] + words,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


def start(folder, ports):
    log = open(os.path.join(folder, "log"), "w")
    # /usr/bin/swift-*-server are programs of the system's own Python.
    programs = [
        ["/usr/bin/python3", f"/usr/bin/swift-{server}-server", f"{folder}/{server}.conf"]
        for server in SERVERS
    ]
    memory = ["memcached", "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(ports["memory"]), "-m", "16"]
    return [
        subprocess.Popen(
            program,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        for program in [memory] + programs
    ]


def serves(address):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/info", timeout=2).read()
            return True
        except OSError:
            time.sleep(0.1)
    return False


folder = tempfile.mkdtemp(prefix="esteira-swift-")
children = []
try:
    names = SERVERS + ["memory"]
    ports = dict(zip(names, free_ports(len(names))))
    configure(folder, ports)
    children = start(folder, ports)
    address = f"http://127.0.0.1:{ports['proxy']}"
    if serves(address):
        print(address, flush=True)
        sys.stdin.read()
finally:
    for child in children:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)
