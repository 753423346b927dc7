// Importing SkewedMemorization gives the whole library.
@_exported import Captures
@_exported import HeavyTails
@_exported import Inference
@_exported import MemorizationMetrics
@_exported import Reports
@_exported import Similarity
@_exported import TokenProcess

@_exported import struct GSLNumerics.ArgumentError
@_exported import enum GSLNumerics.NumericsError
@_exported import struct GSLNumerics.SeededGenerator
