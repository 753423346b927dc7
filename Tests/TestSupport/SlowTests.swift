import Foundation

/// Whether the statistical checks that take minutes run: `make test-slow` sets the variable.
public let slowTestsAreEnabled = ProcessInfo.processInfo.environment["SKEWMEM_SLOW_TESTS"] == "1"
