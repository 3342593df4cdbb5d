"""`python -m esteira_sdk` is `esteira-sdk`."""

import sys

from .cli import main

sys.exit(main())
