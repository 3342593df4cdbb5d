"""moto's S3: a mock, for what Swift does not have. Prints its address; ends when its input ends."""
import random
import socket
import sys

from moto.server import ThreadedMotoServer

while True:
    port = random.randrange(20000, 32767)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            break
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
server.start()
print(f"http://127.0.0.1:{port}", flush=True)
sys.stdin.read()
server.stop()
