// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who depends on the library resolves the benchmark packages.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v13)],
  dependencies: [
    .package(name: "SkewedMemorization", path: ".."),
    // Without `traits: []` resolution asks for packages that need jemalloc.
    .package(url: "https://github.com/ordo-one/benchmark.git", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "HeavyTailsBenchmarks",
      dependencies: [
        .product(name: "HeavyTails", package: "SkewedMemorization"),
        .product(name: "GSLNumerics", package: "SkewedMemorization"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/HeavyTailsBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    ),
    .executableTarget(
      name: "CaptureBenchmarks",
      dependencies: [
        .product(name: "SkewedMemorization", package: "SkewedMemorization"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/CaptureBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    ),
    .executableTarget(
      name: "MetricBenchmarks",
      dependencies: [
        .product(name: "MemorizationMetrics", package: "SkewedMemorization"),
        .product(name: "GSLNumerics", package: "SkewedMemorization"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/MetricBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    ),
    .executableTarget(
      name: "DriverBenchmarks",
      dependencies: [
        .product(name: "SkewedMemorization", package: "SkewedMemorization"),
        .product(name: "Inference", package: "SkewedMemorization"),
        .product(name: "Similarity", package: "SkewedMemorization"),
        .product(name: "GSLNumerics", package: "SkewedMemorization"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/DriverBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    ),
    .executableTarget(
      name: "peer-heavytails",
      dependencies: [
        .product(name: "HeavyTails", package: "SkewedMemorization"),
        .product(name: "GSLNumerics", package: "SkewedMemorization"),
      ],
      path: "Peers/HeavyTails"
    ),
    .executableTarget(
      name: "peer-tasks",
      dependencies: [
        .product(name: "SkewedMemorization", package: "SkewedMemorization"),
        .product(name: "MemorizationMetrics", package: "SkewedMemorization"),
        .product(name: "Similarity", package: "SkewedMemorization"),
        .product(name: "GSLNumerics", package: "SkewedMemorization"),
      ],
      path: "Peers/Tasks"
    ),
  ],
  swiftLanguageModes: [.v6]
)
