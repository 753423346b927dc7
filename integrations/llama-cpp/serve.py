"""llama.cpp's server on a port of the loopback interface, until it is ended.

    python serve.py port model.gguf [adapter.gguf]
"""

import sys
import threading

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.port = int(sys.argv[1])
parameters.model.path = sys.argv[2]
if len(sys.argv) > 3:
    adapter = xllamacpp.CommonAdapterLoraInfo()
    adapter.path = sys.argv[3]
    adapter.scale = 1.0
    parameters.lora_adapters = [adapter]
parameters.n_ctx = 1024
parameters.n_parallel = 2
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
threading.Event().wait()
