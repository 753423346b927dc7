"""llama.cpp's server on a free port of the loopback interface: prints its address and serves until it is ended.

    python serve.py model.gguf [adapter.gguf]
"""

import sys
import threading

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
if len(sys.argv) > 2:
    adapter = xllamacpp.CommonAdapterLoraInfo()
    adapter.path = sys.argv[2]
    adapter.scale = 1.0
    parameters.lora_adapters = [adapter]
parameters.n_ctx = 1024
parameters.n_parallel = 2
parameters.port = 0
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
threading.Event().wait()
