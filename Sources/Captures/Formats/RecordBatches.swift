import TokenProcess

/// What a line of a capture held: a valid record, or what is wrong with it.
public typealias CaptureLine = Result<Record, CaptureError>

/// The records of a file, some at a time; making them of what was read can be done by another thread.
protocol RecordBatches {
  /// What makes the next records; nil at the end.
  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])?
}
