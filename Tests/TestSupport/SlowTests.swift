import Foundation

/// Whether the statistical checks that take minutes run: `make test-slow` sets the variable.
public let slowTestsAreEnabled = ProcessInfo.processInfo.environment["SKEWMEM_SLOW_TESTS"] == "1"

/// How many inputs a fuzzer makes: as many as `SKEWMEM_FUZZ_INPUTS` says (`make fuzz`), or few.
public func fuzzedInputs(usually few: Int, slowly many: Int) -> Int {
  ProcessInfo.processInfo.environment["SKEWMEM_FUZZ_INPUTS"].flatMap { Int($0) } ?? (slowTestsAreEnabled ? many : few)
}
