// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "SkewedMemorization",
  dependencies: [.package(url: "https://github.com/apple/swift-numerics", from: "1.1.1")],
  targets: [
    .systemLibrary(name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    .target(name: "GSLNumerics", dependencies: ["CGSL", .product(name: "RealModule", package: "swift-numerics")]),
    .target(
      name: "HeavyTails", dependencies: ["GSLNumerics", .product(name: "RealModule", package: "swift-numerics")]),
    .target(
      name: "TokenProcess",
      dependencies: ["GSLNumerics", "HeavyTails", .product(name: "RealModule", package: "swift-numerics")]),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(
      name: "GSLNumericsTests", dependencies: ["GSLNumerics", "TestSupport"], resources: [.copy("References")]),
    .testTarget(
      name: "HeavyTailsTests", dependencies: ["HeavyTails", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
    .testTarget(
      name: "TokenProcessTests", dependencies: ["TokenProcess", "HeavyTails", "GSLNumerics", "TestSupport"],
      resources: [.copy("References")]),
  ], swiftLanguageModes: [.v6])
