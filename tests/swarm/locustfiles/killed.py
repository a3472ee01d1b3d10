"""The machine ends Locust while it loads the scenario, as for want of memory."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
