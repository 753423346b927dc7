/// What lm-evaluation-harness logs of a document and of the requests for it.
enum HarnessArguments {
  /// The document's name; nil where its `doc_id` is neither a number nor a text.
  static func name(_ document: JSONValue?) -> String? {
    switch document {
    case .integer(let number)?: "\(number)"
    case .text(let text)?: text
    default: nil
    }
  }

  /// The parts of one request, which are a list or have names; none where there is no such request.
  static func parts(_ arguments: JSONValue?, _ index: Int) -> [JSONValue?] {
    switch arguments {
    case .object(let groups)?:
      guard case .object(let group)? = groups["gen_args_\(index)"] else { return [] }
      return [group["arg_0"], group["arg_1"]]
    case .list(let groups)? where groups.indices.contains(index):
      guard case .list(let group) = groups[index] else { return [] }
      return group
    default: return []
    }
  }
}
