import MemorizationMetrics

/// What somebody may have meant, as the end of an error: `: did you mean audit?`; empty where no known name is near.
func suggestion(for name: String, among known: [String]) -> String {
  func scalars(_ text: String) -> [Int] { text.unicodeScalars.map { Int($0.value) } }
  // Two letters that changed places are two edits.
  let limit = name.count < 4 ? 1 : max(2, name.count / 4)
  let nearest = known.map { (name: $0, distance: EditDistance.levenshtein(scalars(name), scalars($0))) }
    .min { $0.distance < $1.distance }
  guard let nearest, nearest.distance <= limit else { return "" }
  return ": did you mean \(nearest.name)?"
}
