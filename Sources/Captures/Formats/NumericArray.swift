internal import CVectors
import Compression
import Foundation

/// A numeric array of a file: NumPy's `.npy` and tensors of `.safetensors`.
struct NumericArray: Sendable {
  let shape: [Int]
  /// The number of elements.
  let count: Int
  private let element: Element
  private let data: Data

  /// What a `.npy` file begins with.
  static let npyMagic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

  /// The array of a `.npy` file, versions 1 to 3, of integers or floats, in C order.
  ///
  /// - Throws: `CaptureError`.
  init(npy data: Data, file: String, name: String = "the array") throws(CaptureError) {
    func failure(_ problem: String) -> CaptureError { CaptureError(file: file, problem: problem) }
    guard data.count >= 12, data.starts(with: Self.npyMagic) else {
      throw failure("is no .npy file")
    }
    let bytes = [UInt8](data.prefix(12))
    let isLong = bytes[6] >= 2
    let start = isLong ? 12 : 10
    let length =
      isLong
      ? Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
      : Int(bytes[8]) | Int(bytes[9]) << 8
    guard start + length <= data.count else { throw failure("ends inside the header of .npy") }
    let header = String(decoding: data.dropFirst(start).prefix(length), as: UTF8.self)
    func field(_ pattern: Regex<(Substring, Substring)>) -> String? {
      header.firstMatch(of: pattern).map { String($0.1) }
    }
    guard let type = field(/'descr':\s*'([^']+)'/), let order = field(/'fortran_order':\s*(True|False)/),
      let shapeText = field(/'shape':\s*\(([^)]*)\)/)
    else { throw failure("has a header of .npy that cannot be read: \(header.prefix(80))") }
    let sizes = shapeText.split(separator: ",").map { Int($0.filter { $0 != " " }) }
    guard sizes.allSatisfy({ $0 != nil && $0! >= 0 }) else { throw failure("has the shape (\(shapeText))") }
    let shape = sizes.compactMap(\.self)
    guard order == "False" || shape.count < 2 else {
      throw failure("is in Fortran order; save it with numpy.ascontiguousarray")
    }
    guard let element = Element(npy: type) else {
      throw failure("has elements of type \(type); little-endian f2, f4, f8, i1 to i8, u1 to u8 are read")
    }
    try self.init(shape, element, data.dropFirst(start + length), file: file, name: name)
  }

  /// The names of arrays that records are made of.
  private static let names: Set = [
    "token_logprobs", "lengths", "offsets", "ranks", "reference_token_ids", "greedy_token_ids",
  ]

  /// The arrays of a `.npz` file by name, as far as they are used; of an archive of one array that one.
  ///
  /// - Throws: `CaptureError`.
  static func arrays(npz data: Data, file: String) throws(CaptureError) -> [String: NumericArray] {
    var contents: [(name: String, data: Data)] = []
    var names: [String] = []
    do throws(CompressionError) {
      let archive = try ZipArchive(data)
      names = archive.names
      for name in archive.names where name.hasSuffix(".npy") {
        // An array alone has no need of a name.
        let short = archive.names.count == 1 ? "token_logprobs" : String(name.dropLast(4))
        guard Self.names.contains(short), let data = try archive.content(of: name) else {
          continue
        }
        contents.append((short, data))
      }
    } catch {
      throw CaptureError(file: file, problem: error.description)
    }
    guard contents.contains(where: { $0.name == "token_logprobs" }) else {
      throw CaptureError(
        file: file, field: "token_logprobs",
        problem: "is no array of the file; there are: \(names.joined(separator: ", "))")
    }
    var arrays: [String: NumericArray] = [:]
    for (name, data) in contents { arrays[name] = try NumericArray(npy: data, file: file, name: name) }
    return arrays
  }

  /// The tensors of a `.safetensors` file by name, as far as records are made of them.
  ///
  /// - Throws: `CaptureError`.
  static func tensors(safetensors data: Data, file: String) throws(CaptureError) -> [String: NumericArray] {
    try tensors(safetensors: data, file: file) { names.contains($0) }.tensors
  }

  /// The tensors of a `.safetensors` file whose names are wanted, and the texts that stand beside them.
  ///
  /// - Throws: `CaptureError`.
  static func tensors(
    safetensors data: Data, file: String, wanting isWanted: (String) -> Bool
  ) throws(CaptureError) -> (tensors: [String: NumericArray], metadata: [String: String]) {
    struct Tensor: Decodable {
      let dtype: String
      let shape: [Int]
      let dataOffsets: [Int]

      enum CodingKeys: String, CodingKey {
        case dtype, shape
        case dataOffsets = "data_offsets"
      }
    }
    enum Value: Decodable {
      case tensor(Tensor)
      case texts([String: String])
      case other

      init(from decoder: any Decoder) throws {
        if let tensor = try? Tensor(from: decoder) {
          self = .tensor(tensor)
        } else {
          self = (try? [String: String](from: decoder)).map(Value.texts) ?? .other
        }
      }
    }
    func failure(_ problem: String) -> CaptureError { CaptureError(file: file, problem: problem) }
    // A header is a JSON object: anything else is a file of another kind.
    guard data.count >= 9, data[data.startIndex + 8] == UInt8(ascii: "{") else {
      throw failure(data.isEmpty ? "is empty" : "is no .safetensors file")
    }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else { throw failure("ends inside the header of .safetensors") }
    let start = 8 + Int(length)
    guard let header = try? JSONDecoder().decode([String: Value].self, from: data.dropFirst(8).prefix(start - 8)) else {
      throw failure("has a header of .safetensors that is no JSON")
    }
    var result: [String: NumericArray] = [:]
    for (name, value) in header where isWanted(name) {
      guard case .tensor(let tensor) = value else { continue }
      guard let element = Element(safetensors: tensor.dtype) else {
        throw failure("has elements of type \(tensor.dtype) in \(name); BF16, F16, F32, F64, I8 to I64 and U8 are read")
      }
      guard tensor.dataOffsets.count == 2, tensor.dataOffsets[0] >= 0,
        tensor.dataOffsets[0] <= tensor.dataOffsets[1],
        tensor.dataOffsets[1] <= data.count - start, tensor.shape.allSatisfy({ $0 >= 0 })
      else { throw failure("has a tensor \(name) outside of the file") }
      result[name] = try NumericArray(
        tensor.shape, element,
        data.dropFirst(start + tensor.dataOffsets[0]).prefix(tensor.dataOffsets[1] - tensor.dataOffsets[0]), file: file,
        name: name)
    }
    guard case .texts(let metadata)? = header["__metadata__"] else { return (result, [:]) }
    return (result, metadata)
  }

  /// The type of elements.
  fileprivate enum Element {
    case half, brain, single, double, signed(Int), unsigned(Int)

    init?(npy type: String) {
      guard type.hasPrefix("<") || type.hasPrefix("|"), let size = Int(type.dropFirst(2)), [1, 2, 4, 8].contains(size)
      else { return nil }
      switch (type.dropFirst().first, size) {
      case ("f", 2): self = .half
      case ("f", 4): self = .single
      case ("f", 8): self = .double
      case ("i", _): self = .signed(size)
      case ("u", _): self = .unsigned(size)
      default: return nil
      }
    }

    init?(safetensors type: String) {
      switch type {
      case "F16": self = .half
      case "BF16": self = .brain
      case "F32": self = .single
      case "F64": self = .double
      case "I8", "I16", "I32", "I64": self = .signed((Int(type.dropFirst()) ?? 8) / 8)
      case "U8": self = .unsigned(1)
      default: return nil
      }
    }

    var size: Int {
      switch self {
      case .half, .brain: 2
      case .single: 4
      case .double: 8
      case .signed(let size), .unsigned(let size): size
      }
    }

    /// Elements `range` of little-endian data.
    func values(_ data: UnsafeRawBufferPointer, _ range: Range<Int>) -> [Double] {
      func map<Bits: FixedWidthInteger>(_ type: Bits.Type, _ value: (Bits) -> Double) -> [Double] {
        let size = MemoryLayout<Bits>.size
        guard let start = data.baseAddress.map({ $0 + range.lowerBound * size }) else { return [] }
        return [Double](unsafeUninitializedCapacity: range.count) { values, count in
          for index in 0..<range.count {
            values.initializeElement(
              at: index, to: value(Bits(littleEndian: start.loadUnaligned(fromByteOffset: index * size, as: type))))
          }
          count = range.count
        }
      }
      switch self {
      case .half: return map(UInt16.self, Self.half)
      // The upper half of a single.
      case .brain: return map(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
      case .single:
        guard let start = data.baseAddress, 1.littleEndian == 1 else {
          return map(UInt32.self) { Double(Float(bitPattern: $0)) }
        }
        return [Double](unsafeUninitializedCapacity: range.count) { values, count in
          doubles_of_floats(start + range.lowerBound * size, range.count, values.baseAddress)
          count = range.count
        }
      case .double: return map(UInt64.self) { Double(bitPattern: $0) }
      case .signed(1): return map(Int8.self) { Double($0) }
      case .signed(2): return map(Int16.self) { Double($0) }
      case .signed(4): return map(Int32.self) { Double($0) }
      case .signed: return map(Int64.self) { Double($0) }
      case .unsigned(1): return map(UInt8.self) { Double($0) }
      case .unsigned(2): return map(UInt16.self) { Double($0) }
      case .unsigned(4): return map(UInt32.self) { Double($0) }
      case .unsigned: return map(UInt64.self) { Double($0) }
      }
    }

    /// Float16 is not everywhere in Swift.
    private static func half(_ bits: UInt16) -> Double {
      let sign: Double = bits & 0x8000 == 0 ? 1 : -1
      let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
      switch exponent {
      case 0: return sign * fraction * 0x1p-24
      case 31: return fraction == 0 ? sign * .infinity : .nan
      default: return sign * (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
      }
    }
  }

  private init(
    _ shape: [Int], _ element: Element, _ data: Data, file: String, name: String
  ) throws(CaptureError) {
    let (count, overflow) = shape.reduce((1, false)) { product, size in
      let (value, overflow) = product.0.multipliedReportingOverflow(by: size)
      return (value, product.1 || overflow)
    }
    guard !overflow, count <= data.count / element.size, data.count == count * element.size else {
      throw CaptureError(
        file: file,
        problem: "has \(data.count) bytes for \(name) of shape \(shape), not \(element.size) for each element")
    }
    self.shape = shape
    self.count = count
    self.element = element
    self.data = data
  }

  /// The elements where they are, in C order.
  struct Elements {
    fileprivate let element: Element
    fileprivate let bytes: UnsafeRawBufferPointer
    let count: Int

    /// Some of them.
    ///
    /// - Precondition: The range is within 0 … count.
    func values(_ range: Range<Int>) -> [Double] {
      precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements \(range) of \(count)")
      return element.values(bytes, range)
    }
  }

  /// Calls a function with the elements.
  func withElements<Value>(_ body: (Elements) -> Value) -> Value {
    data.withUnsafeBytes { body(Elements(element: element, bytes: $0, count: count)) }
  }

  /// Elements in C order.
  ///
  /// - Precondition: The range is within 0 … count.
  func values(_ range: Range<Int>) -> [Double] { withElements { $0.values(range) } }

  /// All elements.
  var all: [Double] { values(0..<count) }
}
