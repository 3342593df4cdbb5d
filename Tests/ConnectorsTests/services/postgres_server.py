"""A PostgreSQL of its own, with TLS and passwords. Prints `PORT FOLDER`; ends when its input ends.

The superuser `esteira` and the user `reader` have the password `s3cret`; the folder has the certificate that the
server shows, in server.crt, for the name `localhost`.
"""
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile

programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
folder = tempfile.mkdtemp(prefix="esteira-pg-")
data = f"{folder}/data"
# The server refuses to be root.
as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def run(*words, text=None):
    subprocess.run([*as_user, *words], check=True, input=text, text=True, stdout=subprocess.DEVNULL,
                   stderr=sys.stderr, cwd=folder)


if as_user:
    shutil.chown(folder, "postgres", "postgres")
os.chmod(folder, 0o755)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
run("sh", "-c", f"printf s3cret > {folder}/password")
run(f"{programs}/initdb", "-D", data, "-U", "esteira", "--auth-local", "trust", "--auth-host", "scram-sha-256",
    "--pwfile", f"{folder}/password", "-E", "UTF8", "--locale", "C", "--no-sync")
run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/server.key",
    "-out", f"{folder}/server.crt")
server = subprocess.Popen(
    [*as_user, f"{programs}/postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=localhost",
     "-c", "fsync=off", "-c", "ssl=on", "-c", f"ssl_cert_file={folder}/server.crt",
     "-c", f"ssl_key_file={folder}/server.key", "-c", "max_connections=40"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(f"{folder}/log", "w"), cwd=folder)
try:
    run(f"{programs}/psql", "-h", folder, "-p", str(port), "-U", "esteira", "-q", "-d", "postgres", "-c",
        "CREATE ROLE reader LOGIN PASSWORD 's3cret'") if subprocess.run(
        ["sh", "-c", f"for i in $(seq 200); do {programs}/pg_isready -q -h {folder} -p {port} && exit 0; "
         "sleep 0.05; done; exit 1"]).returncode == 0 else sys.exit(open(f"{folder}/log").read())
    print(port, folder, flush=True)
    sys.stdin.read()
finally:
    # The child of runuser is the server: its own file says which.
    try:
        with open(f"{data}/postmaster.pid") as file:
            os.kill(int(file.readline()), 3)
    except (OSError, ValueError):
        server.terminate()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)
