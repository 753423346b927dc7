import Synchronization

/// Memory for some lines of a file: filled by one task, then only read, by others. When nobody needs it any more it is
/// used again, which spares the system from finding, clearing and taking back a megabyte for every chunk.
final class ChunkBuffer: @unchecked Sendable {
  let memory: UnsafeMutableBufferPointer<UInt8>
  private let owner: ChunkBuffers

  fileprivate init(_ memory: UnsafeMutableBufferPointer<UInt8>, of owner: ChunkBuffers) {
    self.memory = memory
    self.owner = owner
  }

  deinit { owner.takeBack(Memory(bytes: memory)) }

  /// Memory that nobody looks at.
  fileprivate struct Memory: @unchecked Sendable {
    let bytes: UnsafeMutableBufferPointer<UInt8>
  }
}

/// Buffers of one size, which are used again, and larger ones, which are not.
final class ChunkBuffers: Sendable {
  private let size: Int
  private let free = Mutex<[ChunkBuffer.Memory]>([])

  init(size: Int) { self.size = size }

  deinit { free.withLock { $0.forEach { $0.bytes.deallocate() } } }

  /// A buffer of at least so many bytes, which may hold anything.
  func buffer(of size: Int) -> ChunkBuffer {
    if size <= self.size, let memory = free.withLock({ $0.popLast() }) { return ChunkBuffer(memory.bytes, of: self) }
    return ChunkBuffer(.allocate(capacity: max(size, self.size)), of: self)
  }

  fileprivate func takeBack(_ memory: ChunkBuffer.Memory) {
    guard memory.bytes.count == size else { return memory.bytes.deallocate() }
    free.withLock { $0.append(memory) }
  }
}
