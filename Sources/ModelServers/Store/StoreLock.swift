import Foundation

/// Keeps other processes from writing to a store as long as it lives; a process that is killed keeps nothing.
final class StoreLock: Sendable {
  private let descriptor: Int32
  private let path: String

  init(_ store: String) throws(StoreError) {
    path = store + "-lock"
    while true {
      let file = open(path, O_RDWR | O_CREAT, 0o644)
      guard file >= 0 else {
        throw StoreError(path: store, problem: "cannot be written: \(String(cString: strerror(errno)))")
      }
      guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
        close(file)
        throw StoreError(path: store, problem: "is being written by another process")
      }
      // Whoever had the lock before may have removed the file in between: then it is another's to lock.
      var (mine, named) = (stat(), stat())
      if fstat(file, &mine) == 0, stat(path, &named) == 0, mine.st_ino == named.st_ino {
        descriptor = file
        return
      }
      close(file)
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
