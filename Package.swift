// swift-tools-version: 6.2
import PackageDescription

// Reports name the commit that they were made with.
let commit = Context.gitInformation.map { String($0.currentCommit.prefix(12)) + ($0.hasUncommittedChanges ? "+" : "") }

let package = Package(
  name: "SkewedMemorization",
  products: [
    .library(name: "SkewedMemorization", targets: ["SkewedMemorization"]),
    .library(name: "ModelServers", targets: ["ModelServers"]),
    .library(name: "MemorizationMetrics", targets: ["MemorizationMetrics"]),
    .library(name: "Inference", targets: ["Inference"]),
    .library(name: "Similarity", targets: ["Similarity"]),
    .library(name: "HeavyTails", targets: ["HeavyTails"]),
    .library(name: "GSLNumerics", targets: ["GSLNumerics"]),
    .executable(name: "skewmem", targets: ["skewmem"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // MARK: System libraries
    .systemLibrary(
      name: "CGSL",
      pkgConfig: "gsl",
      providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]
    ),
    .systemLibrary(
      name: "CZlib",
      pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
    ),
    .systemLibrary(
      name: "CZstd",
      pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]
    ),

    // MARK: Library, lowest module first
    .target(
      name: "GSLNumerics",
      dependencies: ["CGSL", .product(name: "RealModule", package: "swift-numerics")]
    ),
    .target(
      name: "Inference",
      dependencies: ["CVectors", "GSLNumerics", .product(name: "RealModule", package: "swift-numerics")]
    ),
    .target(
      name: "HeavyTails",
      dependencies: ["CVectors", "GSLNumerics", .product(name: "RealModule", package: "swift-numerics")]
    ),
    .target(
      name: "TokenProcess",
      dependencies: [
        "CVectors", "GSLNumerics", "HeavyTails", "Inference",
        .product(name: "RealModule", package: "swift-numerics"),
      ]
    ),
    .target(name: "CVectors"),
    .target(
      name: "Similarity",
      dependencies: ["CVectors", "GSLNumerics", .product(name: "RealModule", package: "swift-numerics")]
    ),
    .target(
      name: "MemorizationMetrics",
      dependencies: ["CVectors", "GSLNumerics", .product(name: "RealModule", package: "swift-numerics")]
    ),
    .target(name: "Reports", dependencies: ["GSLNumerics"]),
    .target(name: "Compression", dependencies: ["CZlib", "CZstd"]),
    .target(name: "CListScan"),
    .target(
      name: "Captures",
      dependencies: ["CListScan", "CVectors", "Compression", "HeavyTails", "Inference", "TokenProcess"]),
    .target(name: "CVersion", cSettings: [.define("SKEWMEM_COMMIT", to: "\"\(commit ?? "")\"")]),
    // Takes libcurl's headers; the library itself is loaded when it is needed.
    .target(name: "CHTTP", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(
      name: "ModelServers",
      dependencies: [
        "CHTTP", "Captures", "GSLNumerics", "TokenProcess", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "SkewedMemorization",
      dependencies: [
        "CVectors", "GSLNumerics", "HeavyTails", "Inference", "Similarity", "TokenProcess", "MemorizationMetrics",
        "Compression", "Captures", "CVersion", "Reports",
        .product(name: "RealModule", package: "swift-numerics"),
      ]
    ),

    // MARK: Command line
    .executableTarget(
      name: "skewmem",
      dependencies: [
        "MemorizationMetrics", "ModelServers", "SkewedMemorization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),

    // MARK: Tests
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(
      name: "GSLNumericsTests", dependencies: ["GSLNumerics", "TestSupport"], resources: [.copy("References")]),
    .testTarget(
      name: "HeavyTailsTests", dependencies: ["HeavyTails", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "InferenceTests", dependencies: ["Inference", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "SimilarityTests", dependencies: ["Similarity", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "TokenProcessTests",
      dependencies: ["Captures", "TokenProcess", "HeavyTails", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "MemorizationMetricsTests",
      dependencies: ["MemorizationMetrics", "Compression", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "CapturesTests",
      dependencies: ["Captures", "Compression", "GSLNumerics", "HeavyTails", "TokenProcess", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "ModelServersTests",
      dependencies: ["Captures", "ModelServers", "TokenProcess", "TestSupport"]),
    .testTarget(
      name: "SkewedMemorizationTests",
      dependencies: [
        "SkewedMemorization", "MemorizationMetrics", "Inference", "Similarity", "GSLNumerics", "TestSupport",
      ],
      resources: [.copy("References")]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "SkewedMemorization", "TestSupport"]),
    .testTarget(name: "skewmemTests", dependencies: ["skewmem", "TestSupport"], exclude: ["Inputs", "Snapshots"]),
  ],
  swiftLanguageModes: [.v6]
)

// The documentation builder is asked for only where the documentation is built (`SKEWMEM_DOCUMENTATION=1`), so that
// nobody who depends on the library resolves a plugin that they do not use.
if Context.environment["SKEWMEM_DOCUMENTATION"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
