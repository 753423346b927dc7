# make demo        audit a bundled real capture and say where the report is
# make test        everything that CI checks, but for the format
# make snapshots   the reports that tests compare once more, after a change that is meant
# make test-slow   with the statistical checks that take minutes
# make fuzz        a million damaged files for every reader
# make test-pyspark  the Spark job on two executors (needs PyPI and Java)
# make test-engines  the Python package on Spark and Ray, two executors each (needs PyPI and Java)
# make integration  captures from real servers and a transformers model; integration-vllm and so on for one (needs PyPI)
# make lint        the format, strictly;  make format  mends it
# make benchmark   speed in release
# make benchmark-peers  beside other libraries and programs
# make benchmark-growth  with 10^4 to 10^6 records (needs numpy, 3 GB of disk, 8 GB of memory)
# make wheel       the Python package with the program in it;  make test-python  tests it (both need PyPI)
# make install     the release binary, completions and manual pages under PREFIX (default /usr/local)
# make docs        the documentation of all modules as a web site
# make notebooks   the notebooks in notebooks-export once more, from the captures beside them
# make visual      notebooks executed, figures rendered, pages in a browser (needs PyPI and Chromium)

PREFIX ?= /usr/local
BINARY = .build/release/skewmem
SWIFT_FILES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Peers
DEMO_CAPTURE = notebooks-export/captures/jargon-train-epoch06.jsonl
DEMO_REPORT = .build/demo/report.html

.PHONY: demo snapshots test test-slow fuzz test-pyspark test-engines lint format benchmark benchmark-peers benchmark-growth setup release install uninstall docs notebooks visual integration wheel test-python

setup:
	@scripts/setup

# With Swift's runtime in it, where the toolchain has that to link, and without a list of its symbols for others, the program starts in half the time.
STATIC = $(wildcard $(dir $(realpath $(shell command -v swift)))../lib/swift_static/linux/libFoundation.a)
PROGRAM = -c release --product skewmem $(if $(STATIC),--static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic)

release: setup
	@# The manifest tells the commit, which a cached one would not.
	@touch Package.swift
	swift build $(PROGRAM) --manifest-cache none

demo: release
	@mkdir -p $(dir $(DEMO_REPORT))
	@$(BINARY) audit $(DEMO_CAPTURE)
	@$(BINARY) audit $(DEMO_CAPTURE) --format html --output $(DEMO_REPORT)
	@echo
	@echo "The report as a page is $(CURDIR)/$(DEMO_REPORT); $(BINARY) audit --help shows what else there is."

# Optimized, file by file: the tests take one minute and not ten.
TESTS = -Xswiftc -O --scratch-path .build/tests

test: setup
	scripts/check-rooms
	scripts/build-tests $(TESTS)
	swift test --skip-build $(TESTS)
	scripts/test-consumer

snapshots: setup
	scripts/update-snapshots $(TESTS)

# In release, or it would take an hour.
SLOW_TESTS = -c release -Xswiftc -enable-testing --scratch-path .build/release-tests

test-slow: setup
	swift build $(SLOW_TESTS) --build-tests
	SKEWMEM_SLOW_TESTS=1 swift test $(SLOW_TESTS) --skip-build

# A million damaged files for every reader, in memory.
fuzz: setup
	swift build $(SLOW_TESTS) --build-tests
	TMPDIR=/dev/shm SKEWMEM_FUZZ_INPUTS=1000000 swift test $(SLOW_TESTS) --skip-build --filter FuzzTests --filter RecordParserTests/mutations

benchmark: setup
	swift package --package-path Benchmarks benchmark --no-progress

benchmark-peers: setup
	scripts/benchmark-peers

# Needs numpy: PYTHON names a Python that has it.
benchmark-growth: release
	$(or $(PYTHON),python3) Benchmarks/Peers/growth.py $(BINARY)

lint:
	swift format lint --strict --recursive $(SWIFT_FILES)

format:
	swift format --in-place --recursive $(SWIFT_FILES)

MANUAL = .build/plugins/GenerateManual/outputs/skewmem
SHARE = $(DESTDIR)$(PREFIX)/share
BASH_COMPLETION = $(SHARE)/bash-completion/completions/skewmem
ZSH_COMPLETION = $(SHARE)/zsh/site-functions/_skewmem
FISH_COMPLETION = $(SHARE)/fish/vendor_completions.d/skewmem.fish

install: release
	rm -rf $(MANUAL)
	swift package --allow-writing-to-package-directory generate-manual --multi-page
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/skewmem
	strip $(DESTDIR)$(PREFIX)/bin/skewmem
	install -d $(dir $(BASH_COMPLETION)) $(dir $(ZSH_COMPLETION)) $(dir $(FISH_COMPLETION)) $(SHARE)/man/man1
	$(BINARY) --generate-completion-script bash > $(BASH_COMPLETION)
	$(BINARY) --generate-completion-script zsh > $(ZSH_COMPLETION)
	$(BINARY) --generate-completion-script fish > $(FISH_COMPLETION)
	install -m 644 $(MANUAL)/*.1 $(SHARE)/man/man1

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/skewmem $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
	rm -f $(SHARE)/man/man1/skewmem.1 $(SHARE)/man/man1/skewmem.*.1

# One site: links go from one module to another. The plugin is resolved for this alone (Package.swift).
DOCUMENTED = GSLNumerics Inference HeavyTails TokenProcess Similarity MemorizationMetrics Compression Captures ModelServers Reports \
  SkewedMemorization

docs: setup
	rm -rf .build/documentation
	SKEWMEM_DOCUMENTATION=1 swift package --scratch-path .build/documentation-build \
	  --allow-writing-to-directory .build/documentation generate-documentation \
	  --enable-experimental-combined-documentation --warnings-as-errors \
	  $(addprefix --target ,$(DOCUMENTED)) --output-path .build/documentation
	@echo "Read it with: python3 -m http.server --bind 127.0.0.1 --directory .build/documentation, at http://127.0.0.1:8000/documentation/"

notebooks: release
	$(BINARY) notebooks --output notebooks-export notebooks-export/captures \
	  notebooks-export/captures/inside notebooks-export/captures/works/gemma3-270m notebooks-export/captures/works/smollm2-135m

INTEGRATIONS = llama-cpp vllm llama-cpp-python huggingface

integration: $(addprefix integration-,$(INTEGRATIONS))

$(addprefix integration-,$(INTEGRATIONS)): integration-%: release
	integrations/$*/run.sh $(ADAPTER)

visual: release
	scripts/visual

# The Spark job on two executors; installs pyspark from PyPI into a folder of its own.
test-pyspark: release
	integrations/pyspark/test_two_executors.sh

# Spark and Ray from the Python package, with two executors each.
test-engines: release
	scripts/test-engines

# The Python package with the program in it; installs auditwheel from PyPI into a folder of its own.
wheel: setup
	scripts/make-wheel $(PROGRAM)

test-python:
	scripts/test-python
