"""Opens a named pipe for writing, which waits until somebody reads it, and holds the reader there until it is ended.

A demonstration stops a program at a known place with it: nobody has to guess how long something takes.
"""

import os
import signal
import sys

with open(sys.argv[1], "wb"):
    print(f"held at {os.path.basename(sys.argv[1])}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
