# make demo        audit a bundled real capture and say where the report is
# make test        everything that CI checks, but for the format
# make test-slow   with the statistical checks that take minutes
# make test-pyspark  the Spark job on two executors (needs PyPI and Java)
# make lint        the format, strictly;  make format  mends it
# make benchmark   speed in release; scripts/benchmark-peers sets it beside plfit
# make install     the release binary to PREFIX/bin (default /usr/local)

PREFIX ?= /usr/local
SWIFT_FILES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Peers
DEMO_CAPTURE = notebooks-export/captures/jargon-train-epoch06.jsonl
DEMO_REPORT = .build/demo/report.md

.PHONY: demo test test-slow test-pyspark lint format benchmark setup release install uninstall

setup:
	@scripts/setup

release: setup
	swift build -c release --product skewmem

demo: release
	@mkdir -p $(dir $(DEMO_REPORT))
	@.build/release/skewmem audit $(DEMO_CAPTURE)
	@.build/release/skewmem audit $(DEMO_CAPTURE) --format markdown --output $(DEMO_REPORT)
	@echo
	@echo "The Markdown report is $(DEMO_REPORT); .build/release/skewmem audit --help shows what else there is."

test: setup
	scripts/build-tests
	swift test --skip-build
	scripts/test-consumer

# In release, or it would take an hour.
SLOW_TESTS = -c release -Xswiftc -enable-testing --scratch-path .build/release-tests

test-slow: setup
	swift build $(SLOW_TESTS) --build-tests
	SKEWMEM_SLOW_TESTS=1 swift test $(SLOW_TESTS) --skip-build

benchmark: setup
	swift package --package-path Benchmarks benchmark --no-progress

lint:
	swift format lint --strict --recursive $(SWIFT_FILES)

format:
	swift format --in-place --recursive $(SWIFT_FILES)

install: release
	install -D -m 755 .build/release/skewmem $(DESTDIR)$(PREFIX)/bin/skewmem

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/skewmem

# The Spark job on two executors; installs pyspark from PyPI into a folder of its own.
test-pyspark: release
	integrations/pyspark/test_two_executors.sh
